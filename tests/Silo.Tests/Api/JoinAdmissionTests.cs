using System.Net;
using MeshOrleans.Silo.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>A crowd that wants to be let in at once, on a real Kestrel.</summary>
public sealed class JoinAdmissionTests
{
    [Fact]
    public async Task A_crowd_waits_in_turn_and_who_finds_no_room_is_told_when_to_come_back()
    {
        var full = JoinAdmission.Places + JoinAdmission.Waiting;
        var release = new TaskCompletionSource();
        var (atWork, most) = (0, 0);
        await using var app = await StartAsync(async () =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atWork));
            await release.Task;
            Interlocked.Decrement(ref atWork);
        });
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };

        // As many as have room wait until they are let go on; whoever else comes is answered at once.
        var asked = Enumerable.Range(0, full + 5).Select(_ => client.GetAsync(new Uri("/", UriKind.Relative))).ToList();
        var refused = new List<HttpResponseMessage>();
        while (refused.Count < 5)
        {
            var first = await Task.WhenAny(asked);
            asked.Remove(first);
            refused.Add(await first);
        }

        Assert.All(refused, r => Assert.Equal(HttpStatusCode.ServiceUnavailable, r.StatusCode));
        Assert.All(refused, r => Assert.Equal(TimeSpan.FromSeconds(1), r.Headers.RetryAfter?.Delta));
        Assert.Contains("try again", await refused[0].Content.ReadAsStringAsync(), StringComparison.Ordinal);
        release.SetResult();
        var served = await Task.WhenAll(asked);
        Assert.Equal(full, served.Length);
        Assert.All(served, r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        Assert.Equal(JoinAdmission.Places, most);
        Assert.Equal(refused.Count, app.Services.GetRequiredService<JoinAdmission>().SentAway);
        foreach (var response in refused.Concat(served)) response.Dispose();
    }

    private static async Task<WebApplication> StartAsync(Func<Task> work)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<JoinAdmission>();
        var app = builder.Build();
        app.MapGet("/", (HttpContext context, JoinAdmission admission) => admission.InTurnAsync(context, async () =>
        {
            await work();
            return Results.Ok();
        }));
        await app.StartAsync();
        return app;
    }
}
