using System.Collections.Concurrent;
using System.Net;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A whole data plane on free ports, with a client that uses it as its proxy.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    public const int AppPort = 8080;

    private readonly Lines _lines = new();

    private TestProxy(ProxyState state) => State = state;

    public ProxyState State { get; }

    public DataplaneServer Server { get; private set; } = null!;

    /// <summary>Sends through the outbound port, as an application with HTTP_PROXY does.</summary>
    public HttpClient Client { get; private set; } = null!;

    public int InboundPort => Server.InboundPorts[AppPort];

    public IEnumerable<string> Log => _lines.All;

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

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        State.Dispose();
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
