using System.Net;
using MeshOrleans.Xds.Gateway.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Hosting;

/// <summary>Which of the control plane's ports a connection came in on.</summary>
internal enum ListenerKind
{
    Api,
    Xds,
    XdsPlain,
    Monitoring,
}

/// <summary>The control plane's ports: what they speak, and under which numbers they were really opened.</summary>
internal sealed class Listeners(IOptions<SiloOptions> options)
{
    private readonly Dictionary<ListenerKind, ListenOptions> _bound = [];

    /// <summary>The REST API's address.</summary>
    public string Api => $"http://{Host}:{Port(ListenerKind.Api)}";

    /// <summary>The TLS port as <c>host:port</c>.</summary>
    public string Xds => $"{Host}:{Port(ListenerKind.Xds)}";

    /// <summary>The plaintext xDS port as <c>host:port</c>; null when it is off.</summary>
    public string? XdsPlain =>
        _bound.ContainsKey(ListenerKind.XdsPlain) ? $"127.0.0.1:{Port(ListenerKind.XdsPlain)}" : null;

    /// <summary>The monitoring port's address.</summary>
    public string Monitoring => $"http://{Host}:{Port(ListenerKind.Monitoring)}";

    private string Host =>
        options.Value.AdvertisedHost is "0.0.0.0" or "::" ? "127.0.0.1" : options.Value.AdvertisedHost;

    /// <summary>Opens the ports.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="tls">Answers handshakes on the TLS port.</param>
    public void Configure(KestrelServerOptions kestrel, TlsHandshakeCallbackOptions tls)
    {
        var settings = options.Value;
        var address = IPAddress.Parse(settings.Bind);
        kestrel.AddServerHeader = false;
        XdsServerLimits.Apply(kestrel.Limits);
        kestrel.Limits.MaxRequestBodySize = 8 << 20;
        Open(kestrel, ListenerKind.Api, address, settings.ApiPort, HttpProtocols.Http1);
        Open(kestrel, ListenerKind.Monitoring, address, settings.MonitoringPort, HttpProtocols.Http1);
        Open(kestrel, ListenerKind.Xds, address, settings.XdsPort, HttpProtocols.Http1AndHttp2, tls);
        if (settings.XdsPlainPort >= 0)
        {
            Open(kestrel, ListenerKind.XdsPlain, IPAddress.Loopback, settings.XdsPlainPort, HttpProtocols.Http2);
        }
    }

    /// <summary>The port a request came in on.</summary>
    public static ListenerKind Of(HttpContext context) =>
        context.Features.Get<ListenerFeature>()?.Kind
        ?? throw new InvalidOperationException("The connection came in on no listener of the control plane.");

    private void Open(
        KestrelServerOptions kestrel,
        ListenerKind kind,
        IPAddress address,
        int port,
        HttpProtocols protocols,
        TlsHandshakeCallbackOptions? tls = null) => kestrel.Listen(address, port, listen =>
    {
        var feature = new ListenerFeature(kind);
        listen.Protocols = protocols;
        listen.Use(next => connection =>
        {
            connection.Features.Set(feature);
            return next(connection);
        });
        if (tls is not null) listen.UseHttps(tls);
        if (kind is ListenerKind.Xds or ListenerKind.XdsPlain) listen.UseXdsFloodGuard();
        _bound[kind] = listen;
    });

    private int Port(ListenerKind kind) =>
        _bound[kind].IPEndPoint?.Port ?? throw new InvalidOperationException("Not opened yet.");

    private sealed record ListenerFeature(ListenerKind Kind);
}
