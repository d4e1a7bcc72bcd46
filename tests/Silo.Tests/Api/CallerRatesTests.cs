using System.Net;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Api;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class CallerRatesTests
{
    private readonly ManualTimeProvider _clock = new();
    private static readonly Caller _alice = new Caller.User("https://login.example", "alice", AccessRights.None);
    private static readonly Caller _bob = new Caller.User("https://login.example", "bob", AccessRights.None);

    [Fact]
    public void Who_calls_too_often_waits_and_nobody_else_does()
    {
        using var rates = Rates();
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
        using var rates = Rates();
        var member = new Caller.Member(SpiffeId.Parse("spiffe://cluster.local/ns/app/sa/a"));
        for (var i = 0; i < 20; i++) rates.RefusalOf(From("10.0.0.1"), member);

        Assert.NotNull(rates.RefusalOf(From("10.0.0.1"), member));
        Assert.Null(rates.RefusalOf(From("10.0.0.2"), member));
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)] // one /64
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    public void Who_has_no_name_is_its_address(string one, string other, bool isSame)
    {
        using var rates = Rates();

        var answers = Enumerable.Range(0, 20).Select(_ => rates.RefusalOfAnybody(From(one))).ToList();

        Assert.Equal(10, answers.TakeWhile(answer => answer is null).Count());
        Assert.Equal(isSame, rates.RefusalOfAnybody(From(other)) is not null);
        Assert.Equal(isSame, rates.RefusalOf(From(other), new Caller.Anonymous()) is not null);
        Assert.Null(rates.RefusalOf(From(other), _bob)); // who has a name is not held up by who has none
    }

    [Fact]
    public void What_was_refused_costs_ten_times_as_much_and_time_brings_it_back()
    {
        using var rates = Rates();
        var guesser = new Caller.Bearer("guess");

        Assert.Null(rates.RefusalOf(From("10.0.0.1"), guesser));
        rates.Charge(From("10.0.0.1"));
        var context = From("10.0.0.1");

        Assert.NotNull(rates.RefusalOf(context, guesser));
        Assert.Equal("1", context.Response.Headers.RetryAfter.ToString());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(rates.RefusalOf(From("10.0.0.1"), guesser));
    }

    [Fact]
    public void Certificates_over_gRPC_take_from_the_same_bucket()
    {
        using var rates = Rates();
        var address = IPAddress.Parse("10.0.0.1");

        Assert.Equal(TimeSpan.Zero, rates.UntilHeard(address));
        rates.Charge(address);

        Assert.InRange(rates.UntilHeard(address), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Assert.NotNull(rates.RefusalOf(From("10.0.0.1"), new Caller.Anonymous()));
        Assert.Equal(TimeSpan.Zero, rates.UntilHeard(IPAddress.Parse("10.0.0.2")));
    }

    private CallerRates Rates() => new(Options.Create(new SiloOptions { ApiRate = 1 }), _clock);

    private static DefaultHttpContext From(string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return context;
    }
}
