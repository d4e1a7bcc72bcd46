using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Xds.Tests.Grpc;

public sealed class GrpcClientTests
{
    private const string Method = "/test.Names/Call";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Both_sides_may_take_turns()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, EchoAsync));
        await using var call = Open(server);

        foreach (var name in (string[])["a", "b", "c"])
        {
            await call.WriteAsync(new HealthCheckRequest { Service = name }, CancellationToken.None);
            Assert.Equal(name, (await ReadAsync(call))?.Service);
        }

        call.CompleteWrites();
        Assert.Null(await ReadAsync(call));
        Assert.Equal(GrpcStatus.Ok, call.Status);
    }

    [Fact]
    public async Task The_server_sees_the_call_before_the_first_message()
    {
        var opened = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, call =>
        {
            opened.SetResult();
            return EchoAsync(call);
        }));

        await using var call = Open(server);

        await opened.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Writers_wait_when_the_server_does_not_read()
    {
        var release = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, async call =>
        {
            await release.Task;
            await EchoAsync(call);
        }));
        await using var call = Open(server);
        var message = new HealthCheckRequest { Service = new string('x', 100_000) };

        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++) await call.WriteAsync(message, CancellationToken.None);
        });

        var first = await Task.WhenAny(writing, Task.Delay(TimeSpan.FromMilliseconds(300)));
        Assert.NotSame(writing, first);
        release.SetResult();
        for (var i = 0; i < 100; i++) Assert.NotNull(await ReadAsync(call));
        await writing.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_deadline_is_sent_and_kept()
    {
        var clock = new ManualTimeProvider();
        var seen = new TaskCompletionSource<string?>();
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, async call =>
        {
            seen.SetResult(call.Metadata("grpc-timeout"));
            await Task.Delay(Timeout.Infinite, call.HttpContext.RequestAborted);
        }));
        using var invoker = new HttpMessageInvoker(GrpcChannel.CreateHandler());
        var channel = new GrpcChannel(invoker, server.Address, clock);

        var calling = channel.UnaryAsync(
            Method,
            new HealthCheckRequest(),
            HealthCheckResponse.Parser,
            new GrpcCallOptions { Timeout = TimeSpan.FromSeconds(90) },
            CancellationToken.None);
        Assert.Equal("90000m", await seen.Task.WaitAsync(Patience));
        clock.Advance(TimeSpan.FromSeconds(90));

        var failure = await Assert.ThrowsAsync<GrpcException>(() => calling.WaitAsync(Patience));
        Assert.Equal(GrpcStatusCode.DeadlineExceeded, failure.Status.Code);
    }

    [Fact]
    public async Task A_token_cancelled_by_the_caller_is_no_failure_of_the_call()
    {
        using var cancel = new CancellationTokenSource();
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, EchoAsync));
        await using var call = server.Channel.OpenDuplex<HealthCheckRequest, HealthCheckRequest>(
            Method, HealthCheckRequest.Parser, GrpcCallOptions.Default, cancel.Token);

        var reading = ReadAsync(call);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Metadata_arrives_and_its_values_are_never_printed()
    {
        string? seen = null;
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpcUnary(
            Method,
            HealthCheckRequest.Parser,
            (_, call) =>
            {
                seen = call.Metadata("authorization");
                return Task.FromResult(new HealthCheckResponse());
            }));
        var options = GrpcCallOptions.Default.WithBearer("s3cret");

        await server.Channel.UnaryAsync(
            Method, new HealthCheckRequest(), HealthCheckResponse.Parser, options, CancellationToken.None);

        Assert.Equal("Bearer s3cret", seen);
        Assert.DoesNotContain("s3cret", options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, GrpcStatusCode.Internal)]
    [InlineData(401, GrpcStatusCode.Unauthenticated)]
    [InlineData(403, GrpcStatusCode.PermissionDenied)]
    [InlineData(404, GrpcStatusCode.Unimplemented)]
    [InlineData(429, GrpcStatusCode.Unavailable)]
    [InlineData(503, GrpcStatusCode.Unavailable)]
    [InlineData(418, GrpcStatusCode.Unknown)]
    [InlineData(200, GrpcStatusCode.Unknown)] // text/plain
    public async Task An_answer_that_is_not_gRPC_becomes_a_status(int http, GrpcStatusCode expected)
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.Run(context =>
        {
            context.Response.StatusCode = http;
            context.Response.ContentType = "text/plain";
            return Task.CompletedTask;
        }));

        Assert.Equal(expected, (await FailAsync(server)).Code);
    }

    [Fact]
    public async Task A_missing_status_is_not_taken_for_success()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.Run(context =>
        {
            context.Response.ContentType = "application/grpc";
            return Task.CompletedTask;
        }));

        Assert.Equal(GrpcStatusCode.Unknown, (await FailAsync(server)).Code);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_unavailable()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, async call =>
        {
            await call.WriteAsync(new HealthCheckResponse(), call.CancellationToken);
            await call.ReadAsync(HealthCheckRequest.Parser, call.CancellationToken);
            call.HttpContext.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
        }));
        await using var call = Open(server);
        Assert.NotNull(await ReadAsync(call));

        await call.WriteAsync(new HealthCheckRequest(), CancellationToken.None);
        var failure = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(call));

        Assert.Equal(GrpcStatusCode.Unavailable, failure.Status.Code);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable()
    {
        var server = await GrpcTestServer.StartAsync(_ => { });
        await server.DisposeAsync();
        using var invoker = new HttpMessageInvoker(GrpcChannel.CreateHandler());
        var channel = new GrpcChannel(invoker, server.Address, TimeProvider.System);

        var failure = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(
            Method, new HealthCheckRequest(), HealthCheckResponse.Parser, GrpcCallOptions.Default, CancellationToken.None));

        Assert.Equal(GrpcStatusCode.Unavailable, failure.Status.Code);
    }

    [Fact]
    public async Task A_message_above_the_clients_limit_is_refused()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, call =>
            call.WriteAsync(new HealthCheckRequest { Service = new string('z', 200) }, call.CancellationToken).AsTask()));
        await using var call = server.Channel.OpenDuplex<HealthCheckRequest, HealthCheckRequest>(
            Method, HealthCheckRequest.Parser, new GrpcCallOptions { MaxMessageSize = 100 }, CancellationToken.None);

        var failure = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(call));

        Assert.Equal(GrpcStatusCode.ResourceExhausted, failure.Status.Code);
    }

    [Fact]
    public async Task Writing_after_the_end_tells_how_the_call_ended()
    {
        await using var server = await GrpcTestServer.StartAsync(app => app.MapGrpc(Method, _ =>
            throw new GrpcException(GrpcStatusCode.Unavailable, "not yet")));
        await using var call = Open(server);
        await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(call));

        var failure = await Assert.ThrowsAsync<GrpcException>(
            () => call.WriteAsync(new HealthCheckRequest(), CancellationToken.None).AsTask());

        Assert.Equal(new GrpcStatus(GrpcStatusCode.Unavailable, "not yet"), failure.Status);
    }

    private static GrpcDuplexCall<HealthCheckRequest, HealthCheckRequest> Open(GrpcTestServer server) =>
        server.Channel.OpenDuplex<HealthCheckRequest, HealthCheckRequest>(
            Method, HealthCheckRequest.Parser, GrpcCallOptions.Default, CancellationToken.None);

    private static Task<HealthCheckRequest?> ReadAsync(GrpcDuplexCall<HealthCheckRequest, HealthCheckRequest> call) =>
        call.ReadAsync(CancellationToken.None).AsTask().WaitAsync(Patience);

    private static async Task<GrpcStatus> FailAsync(GrpcTestServer server)
    {
        await using var call = Open(server);
        return (await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(call))).Status;
    }

    private static async Task EchoAsync(GrpcServerCall call)
    {
        while (await call.ReadAsync(HealthCheckRequest.Parser, call.CancellationToken) is { } request)
        {
            await call.WriteAsync(request, call.CancellationToken);
        }
    }
}
