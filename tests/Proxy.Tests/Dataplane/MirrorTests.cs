using System.Collections.Concurrent;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Copies of requests (behaviour row 14).</summary>
public sealed class MirrorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_mirror_gets_a_copy_that_delays_and_changes_nothing()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var shadow = await EchoBackend.StartAsync("shadow");
        var copied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shadow.Answer = (context, _) =>
        {
            copied.TrySetResult();
            return Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted);
        };
        var forward = Models.Forward("c") with { Mirrors = [new MirrorModel("s", Fraction.All), new MirrorModel("s", Fraction.None)] };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To(forward)), Models.Cluster("c", backend), Models.Cluster("s", shadow)));

        var answer = await proxy.GetAsync("http://b/x?y", ("x-mine", "1")).WaitAsync(TimeSpan.FromSeconds(10));
        await copied.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal((HttpStatusCode.OK, "b"), answer);
        var seen = Assert.Single(shadow.Requests);
        Assert.Equal(("/x?y", "b-shadow", "1"), (seen.RawTarget, seen.Headers["Host"], seen.Headers["x-mine"]));
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(60_000, false)]
    [InlineData(60_000, true)]
    public async Task A_copy_has_the_whole_body_and_the_original_too(int length, bool chunked)
    {
        await using var backend = await BodiesAsync("b");
        await using var shadow = await BodiesAsync("shadow");
        await using var proxy = await StartAsync(
            Models.Forward("c") with { Mirrors = [new MirrorModel("s", Fraction.All)] }, backend.Server, shadow.Server);

        var status = await PostAsync(proxy, Text(length), chunked);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("POST", "text/plain", Text(length)), await backend.NextAsync());
        Assert.Equal(("POST", "text/plain", Text(length)), await shadow.NextAsync());
        Assert.Equal("b-shadow", shadow.Server.Requests.Single().Headers["Host"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_bound_is_not_copied_but_counted_and_the_original_is_whole(bool chunked)
    {
        await using var backend = await BodiesAsync("b");
        await using var shadow = await BodiesAsync("shadow");
        await using var proxy = await StartAsync(
            Models.Forward("c") with { Mirrors = [new MirrorModel("s", Fraction.All)] }, backend.Server, shadow.Server);

        await PostAsync(proxy, Text(200_000), chunked);
        await PostAsync(proxy, "short", chunked);

        Assert.Equal(("POST", "text/plain", Text(200_000)), await backend.NextAsync());
        Assert.Equal(("POST", "text/plain", "short"), await shadow.NextAsync()); // and not the long one before it
        Assert.Equal(1, proxy.Server.Metrics.MirrorsTooLarge);
        await proxy.ToldAsync("mesh_mirrors_too_large_total 1");
    }

    [Fact]
    public async Task Every_mirror_has_a_share_of_its_own()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var first = await BodiesAsync("first");
        await using var second = await BodiesAsync("second");
        await using var third = await BodiesAsync("third");
        var forward = Models.Forward("c") with
        {
            Mirrors =
            [
                new MirrorModel("first", Fraction.All), new MirrorModel("second", Fraction.None),
                new MirrorModel("third", Fraction.All), new MirrorModel("missing", Fraction.All),
            ],
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(
            Models.Table(Models.To(forward)),
            Models.Cluster("c", backend),
            Models.Cluster("first", first.Server),
            Models.Cluster("second", second.Server),
            Models.Cluster("third", third.Server)));

        Assert.Equal(HttpStatusCode.OK, await PostAsync(proxy, "x", chunked: false));

        Assert.Equal("x", (await first.NextAsync()).Body);
        Assert.Equal("x", (await third.NextAsync()).Body);
        Assert.Equal(0, second.Server.Calls);
    }

    [Fact]
    public async Task A_retried_request_is_copied_once()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = async (context, call) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = call < 3 ? 503 : 200;
        };
        await using var shadow = await BodiesAsync("shadow");
        var forward = Models.Forward("c") with
        {
            Mirrors = [new MirrorModel("s", Fraction.All)],
            Retry = new RetryPolicyModel { Attempts = 3 }.WithConditions("503"),
        };
        await using var proxy = await StartAsync(forward, backend, shadow.Server);

        Assert.Equal(HttpStatusCode.OK, await PostAsync(proxy, "x", chunked: false));

        Assert.Equal("x", (await shadow.NextAsync()).Body);
        Assert.Equal((3, 1), (backend.Calls, shadow.Server.Calls));
    }

    [Fact]
    public async Task A_copy_is_not_sampled_and_belongs_to_the_same_trace()
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var shadow = await BodiesAsync("shadow");
        await using var proxy = await StartAsync(
            Models.Forward("c") with { Mirrors = [new MirrorModel("s", Fraction.All)] }, backend, shadow.Server);
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

        await proxy.GetAsync("http://b/", ("traceparent", $"00-{Trace}-00f067aa0ba902b7-01"), ("b3", $"{Trace}-00f067aa0ba902b7-1"));
        await shadow.NextAsync();

        var seen = shadow.Server.Requests.Single().Headers;
        Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-00$", seen["traceparent"]);
        Assert.Matches($"^{Trace}-[0-9a-f]{{16}}-0$", seen["b3"]);
        Assert.EndsWith("-01", backend.Requests.Single().Headers["traceparent"]);
    }

    private static string Text(int length) => new('x', length);

    private static async Task<HttpStatusCode> PostAsync(TestProxy proxy, string text, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://b/");
        request.Content = new StringContent(text, System.Text.Encoding.ASCII, new System.Net.Http.Headers.MediaTypeHeaderValue("text/plain"));
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await proxy.Client.SendAsync(request);
        return response.StatusCode;
    }

    private static Task<TestProxy> StartAsync(RouteAction.Forward forward, EchoBackend backend, EchoBackend shadow) =>
        TestProxy.StartAsync(Models.Outbound(
            Models.Table(Models.To(forward)), Models.Cluster("c", backend), Models.Cluster("s", shadow)));

    private static async Task<Bodies> BodiesAsync(string name) => new(await EchoBackend.StartAsync(name));

    /// <summary>A server that tells what it was sent, body included.</summary>
    private sealed class Bodies : IAsyncDisposable
    {
        private readonly BlockingCollection<(string Method, string? Type, string Body)> _seen = [];

        public Bodies(EchoBackend server)
        {
            Server = server;
            server.Answer = ReadAsync;
        }

        public EchoBackend Server { get; }

        public Task<(string Method, string? Type, string Body)> NextAsync() => Task.Run(() =>
            _seen.TryTake(out var seen, Limit)
                ? seen
                : throw new TimeoutException($"{Server.Name} was sent nothing."));

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            _seen.Dispose();
        }

        private async Task ReadAsync(HttpContext context, int call)
        {
            using var reader = new StreamReader(context.Request.Body);
            _seen.Add((context.Request.Method, context.Request.ContentType, await reader.ReadToEndAsync()));
        }
    }
}
