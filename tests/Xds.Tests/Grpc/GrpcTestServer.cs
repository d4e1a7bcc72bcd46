using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Grpc;

/// <summary>A real Kestrel with HTTP/2 in clear text on a free port.</summary>
internal sealed class GrpcTestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _invoker = new(GrpcChannel.CreateHandler());

    private GrpcTestServer(WebApplication app, TestLog log)
    {
        _app = app;
        Log = log;
        Address = new Uri(app.Urls.Single());
        Channel = new GrpcChannel(_invoker, Address, TimeProvider.System);
    }

    public Uri Address { get; }

    public TestLog Log { get; }

    public GrpcChannel Channel { get; }

    public static async Task<GrpcTestServer> StartAsync(
        Action<WebApplication> map, HttpProtocols protocols = HttpProtocols.Http2, TimeProvider? clock = null)
    {
        var log = new TestLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // The shortest patience Kestrel takes, so that a test of it need not last.
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(1.01));
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new GrpcTestServer(app, log);
    }

    /// <summary>One POST with a body of the test's own making.</summary>
    public async Task<RawAnswer> PostAsync(
        string path, HttpContent content, string contentType = "application/grpc", Version? version = null, string? timeout = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path))
        {
            Version = version ?? System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.TryAddWithoutValidation("content-type", contentType);
        if (timeout is not null) request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var response = await _invoker.SendAsync(request, limit.Token);
        var body = await response.Content.ReadAsByteArrayAsync(limit.Token);
        var trailersOnly = response.Headers.Contains("grpc-status");
        var source = trailersOnly ? response.Headers : response.TrailingHeaders;
        return new RawAnswer(
            (int)response.StatusCode,
            body,
            source.TryGetValues("grpc-status", out var status) ? status.Single() : "",
            source.TryGetValues("grpc-message", out var message) ? message.Single() : "",
            trailersOnly);
    }

    public async ValueTask DisposeAsync()
    {
        _invoker.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>What came back, as it was on the wire.</summary>
internal sealed record RawAnswer(int HttpStatus, byte[] Body, string Status, string Message, bool TrailersOnly);
