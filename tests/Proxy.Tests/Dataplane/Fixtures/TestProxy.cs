using System.Net;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Sidecar;
using MeshOrleans.Testing;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A whole data plane on free ports, with a client that uses it as its proxy.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    public const int AppPort = 8080;

    private readonly LineLog _lines = new();

    private TestProxy(ProxyState state) => State = state;

    public ProxyState State { get; }

    public DataplaneServer Server { get; private set; } = null!;

    /// <summary>Sends through the outbound port, as an application with HTTP_PROXY does.</summary>
    public HttpClient Client { get; private set; } = null!;

    public int InboundPort => Server.InboundPorts[AppPort];

    public IEnumerable<string> Log => _lines.Lines;

    public static async Task<TestProxy> StartAsync(
        ProxyModel model, TlsIdentity? identity = null, TimeProvider? clock = null, Action<DataplaneOptions>? configure = null)
    {
        clock ??= TimeProvider.System;
        var proxy = new TestProxy(new ProxyState(clock));
        proxy.State.Apply(model);
        if (identity is not null) proxy.State.SetIdentity(identity);
        var options = new DataplaneOptions
        {
            Outbound = new IPEndPoint(IPAddress.Loopback, 0),
            Inbound = new Dictionary<int, IPEndPoint> { [AppPort] = new(IPAddress.Loopback, 0) },
        };
        configure?.Invoke(options);
        var loggers = LoggerFactory.Create(l => l.AddProvider(proxy._lines).SetMinimumLevel(LogLevel.Information));
        proxy.Server = await DataplaneServer.StartAsync(
            options, proxy.State, loggers, clock, SharedRandomSource.Instance, CancellationToken.None);
        proxy.Client = new HttpClient(new SocketsHttpHandler
        {
            Proxy = new WebProxy($"http://127.0.0.1:{proxy.Server.OutboundPort}"),
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        });
        return proxy;
    }

    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string url, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>
    /// So many requests with that outcome are counted, no more. Counted when the answer has been sent, which its reader may be
    /// faster than.
    /// </summary>
    public async Task CountedAsync(int expected, int status, ResponseFlags flags)
    {
        await Eventually.HoldsAsync(
            $"{expected} requests with {status} {flags} are counted", () => Server.Metrics.Requests(status, flags) >= expected);
        Assert.Equal(expected, Server.Metrics.Requests(status, flags));
    }

    /// <summary>The metrics have that text in them, now or when what has been answered is counted.</summary>
    public Task ToldAsync(string text) => Eventually.HoldsAsync(
        $"the metrics say {text}", () => Server.Metrics.Write().Contains(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        State.Dispose();
    }
}
