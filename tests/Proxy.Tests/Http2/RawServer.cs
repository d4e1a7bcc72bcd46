using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Server;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>The server under test behind a connection that a test writes to by hand.</summary>
internal sealed class RawServer : IAsyncDisposable, IConnectionLifetimeNotificationFeature
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly TestConnection _context;
    private readonly Task _serving;

    private RawServer(Stream client, Stream server, ServerOptions options, TimeProvider clock)
    {
        Peer = new RawPeer(client);
        _context = new TestConnection(server);
        _context.Features.Set<IConnectionLifetimeNotificationFeature>(this);
        _serving = new Http2Server(options, clock).ServeAsync(_context, server);
    }

    public RawPeer Peer { get; }

    public ManualTimeProvider Clock { get; private init; } = null!;

    /// <summary>Completes when the connection has been served.</summary>
    public Task Served => _serving.WaitAsync(TimeSpan.FromSeconds(20));

    public CancellationToken ConnectionClosedRequested
    {
        get => _leaving.Token;
        set => throw new NotSupportedException();
    }

    public static async Task<RawServer> StartAsync(RequestDelegate? serve = null, Http2Settings? settings = null)
    {
        var clock = new ManualTimeProvider();
        var (client, server) = await RawPeer.PairAsync();
        var options = new ServerOptions
        {
            Serve = serve ?? (_ => Task.CompletedTask), Settings = settings ?? new Http2Settings(),
        };
        return new RawServer(client, server, options, clock) { Clock = clock };
    }

    public void RequestClose() => _leaving.Cancel();

    public async ValueTask DisposeAsync()
    {
        await Peer.DisposeAsync();
        await Served;
        _leaving.Dispose();
        await _context.DisposeAsync();
    }
}
