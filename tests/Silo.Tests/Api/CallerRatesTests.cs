using System.Net;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class CallerRatesTests
{
    private static readonly Caller _alice = new Caller.User("https://login.example", "alice", AccessRights.None);
    private static readonly Caller _bob = new Caller.User("https://login.example", "bob", AccessRights.None);

    [Fact]
    public void Who_calls_too_often_waits_and_nobody_else_does()
    {
        using var rates = new CallerRates(Options.Create(new SiloOptions { ApiRate = 1 }));
        var context = From("10.0.0.1");

        var answers = Enumerable.Range(0, 20).Select(_ => rates.RefusalOf(context, _alice)).ToList();

        Assert.Equal(10, answers.TakeWhile(answer => answer is null).Count()); // ten seconds' worth at once
        Assert.NotNull(answers[^1]);
        Assert.True(int.Parse(context.Response.Headers.RetryAfter.ToString(), null) >= 1);
        Assert.Null(rates.RefusalOf(From("10.0.0.1"), _bob));
        Assert.True(rates.Refused > 0);
    }

    [Fact]
    public void Two_machines_of_one_service_account_are_two_callers()
    {
        using var rates = new CallerRates(Options.Create(new SiloOptions { ApiRate = 1 }));
        var member = new Caller.Member(SpiffeId.Parse("spiffe://cluster.local/ns/app/sa/a"));
        for (var i = 0; i < 20; i++) rates.RefusalOf(From("10.0.0.1"), member);

        Assert.NotNull(rates.RefusalOf(From("10.0.0.1"), member));
        Assert.Null(rates.RefusalOf(From("10.0.0.2"), member));
    }

    private static DefaultHttpContext From(string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return context;
    }
}
