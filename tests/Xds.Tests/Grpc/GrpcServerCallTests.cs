using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Grpc;

public sealed class GrpcServerCallTests
{
    private const string Method = "/test.Names/Call";

    [Fact]
    public async Task A_thrown_status_reaches_the_caller_with_its_text()
    {
        await using var server = await StartAsync(_ =>
            throw new GrpcException(GrpcStatusCode.PermissionDenied, "100 % no: ü, \n and ✓"));

        var failure = await Assert.ThrowsAsync<GrpcException>(() => CallAsync(server));

        Assert.Equal(new GrpcStatus(GrpcStatusCode.PermissionDenied, "100 % no: ü, \n and ✓"), failure.Status);
    }

    [Fact]
    public async Task An_error_before_the_first_message_is_trailers_only()
    {
        await using var server = await StartAsync(_ => throw new GrpcException(GrpcStatusCode.NotFound, "gone"));

        var answer = await server.PostAsync(Method, new ChunkedContent());

        Assert.Equal((true, "5", "gone"), (answer.TrailersOnly, answer.Status, answer.Message));
    }

    [Fact]
    public async Task An_error_after_a_message_comes_in_the_trailers()
    {
        await using var server = await StartAsync(async call =>
        {
            await call.WriteAsync(new HealthCheckResponse(), call.CancellationToken);
            throw new GrpcException(GrpcStatusCode.Aborted, "later");
        });

        var answer = await server.PostAsync(Method, new ChunkedContent());

        Assert.Equal((false, "10", 5), (answer.TrailersOnly, answer.Status, answer.Body.Length));
    }

    [Fact]
    public async Task A_failing_handler_ends_its_own_call_only_and_tells_the_log_but_not_the_caller()
    {
        var calls = 0;
        await using var server = await StartAsync(_ => ++calls == 1
            ? throw new InvalidOperationException("secret detail")
            : Task.CompletedTask);

        var first = await server.PostAsync(Method, new ChunkedContent());
        var second = await server.PostAsync(Method, new ChunkedContent());

        Assert.Equal(("13", "0"), (first.Status, second.Status));
        Assert.DoesNotContain("secret", first.Message, StringComparison.Ordinal);
        var error = Assert.Single(server.Log.Lines, line => line.Level == LogLevel.Error);
        Assert.Contains("secret detail", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_callers_deadline_ends_the_call()
    {
        var clock = new ManualTimeProvider();
        var waiting = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(
            app => app.MapGrpc(Method, async call =>
            {
                waiting.SetResult();
                await Task.Delay(Timeout.Infinite, call.CancellationToken);
            }),
            clock: clock);

        var answering = server.PostAsync(Method, new ChunkedContent(), timeout: "250m");
        await waiting.Task.WaitAsync(TimeSpan.FromSeconds(10));
        clock.Advance(TimeSpan.FromMilliseconds(249));
        Assert.False(answering.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("4", (await answering).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("-5m")]
    [InlineData("123456789m")]
    [InlineData("5x")]
    public async Task A_malformed_deadline_is_an_invalid_argument(string timeout)
    {
        await using var server = await StartAsync(_ => Task.CompletedTask);

        var answer = await server.PostAsync(Method, new ChunkedContent(), timeout: timeout);

        Assert.Equal(timeout.Length == 0 ? "0" : "3", answer.Status);
    }

    [Fact]
    public async Task The_bound_of_all_bodies_does_not_apply_to_calls()
    {
        long? seen = 1;
        await using var server = await StartAsync(call =>
        {
            seen = call.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize;
            return Task.CompletedTask;
        });

        await server.PostAsync(Method, new ChunkedContent());

        Assert.Null(seen);
    }

    [Fact]
    public async Task An_idle_call_outlives_Kestrels_patience_with_idle_bodies()
    {
        const string plain = "/plain";
        var givenUp = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(app =>
        {
            app.MapGrpc(Method, EchoAsync);
            app.MapPost(plain, async context =>
            {
                using var registration = context.RequestAborted.Register(givenUp.SetResult);
                await context.Request.Body.ReadExactlyAsync(new byte[1]);
            });
        });
        using var other = new HttpMessageInvoker(GrpcChannel.CreateHandler());
        await using var call = server.Channel.OpenDuplex<HealthCheckRequest, HealthCheckRequest>(
            Method, HealthCheckRequest.Parser, GrpcCallOptions.Default, CancellationToken.None);
        await call.WriteAsync(new HealthCheckRequest { Service = "before" }, CancellationToken.None);
        Assert.NotNull(await call.ReadAsync(CancellationToken.None));

        await using var idle = new GrpcChannel(other, server.Address, TimeProvider.System)
            .OpenDuplex<HealthCheckRequest, HealthCheckRequest>(
                plain, HealthCheckRequest.Parser, GrpcCallOptions.Default, CancellationToken.None);
        await givenUp.Task.WaitAsync(TimeSpan.FromSeconds(20));

        await call.WriteAsync(new HealthCheckRequest { Service = "after" }, CancellationToken.None);
        Assert.Equal("after", (await call.ReadAsync(CancellationToken.None))?.Service);
    }

    [Fact]
    public async Task A_caller_that_goes_away_cancels_the_handler()
    {
        var started = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var server = await StartAsync(async call =>
        {
            started.SetResult();
            using var registration = call.CancellationToken.Register(ended.SetResult);
            await ended.Task;
        });
        var call = server.Channel.OpenDuplex<HealthCheckRequest, HealthCheckResponse>(
            Method, HealthCheckResponse.Parser, GrpcCallOptions.Default, CancellationToken.None);
        await started.Task.WaitAsync(TimeSpan.FromSeconds(10));

        await call.DisposeAsync();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static async Task EchoAsync(GrpcServerCall call)
    {
        while (await call.ReadAsync(HealthCheckRequest.Parser, call.CancellationToken) is { } request)
        {
            await call.WriteAsync(request, call.CancellationToken);
        }
    }

    private static Task<GrpcTestServer> StartAsync(Func<GrpcServerCall, Task> handler) =>
        GrpcTestServer.StartAsync(app => app.MapGrpc(Method, handler));

    private static Task<HealthCheckResponse> CallAsync(GrpcTestServer server) => server.Channel.UnaryAsync(
        Method, new HealthCheckRequest(), HealthCheckResponse.Parser, GrpcCallOptions.Default, CancellationToken.None);
}
