using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Edge;

/// <summary>One server of a Gateway, as a gateway proxy opens it.</summary>
/// <param name="Gateway">Whose server it is.</param>
/// <param name="Server">What it says.</param>
/// <param name="Port">Its port; routes speak of this number.</param>
internal sealed record EdgeServer(Sourced<Gateway> Gateway, GatewayServer Server, NamedPort Port)
{
    /// <summary>The name by which VirtualServices bind to it.</summary>
    public string GatewayName => $"{Gateway.Namespace}/{Gateway.Name}";

    public EdgeKind Kind => GatewayServers.KindOf(Port);

    /// <summary>The address of its socket; empty means all.</summary>
    public string Bind => GatewayServers.BindOf(Server);

    /// <summary>The kind of TLS on a port of it.</summary>
    public ServerTlsMode Mode => Kind is EdgeKind.Tls && Server.Tls is { } tls ? tls.EffectiveMode : ServerTlsMode.Simple;

    /// <summary>TLS goes through as it comes.</summary>
    public bool IsPassthrough => Mode is ServerTlsMode.Passthrough or ServerTlsMode.AutoPassthrough;

    /// <summary>TLS ends here and HTTP is behind it.</summary>
    public bool IsHttps => !IsPassthrough && Port.Protocol.Equals("HTTPS", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// It is a listener of the Gateway API: it shares hosts with no other, and the name in a handshake that ends here
    /// chooses a route.
    /// </summary>
    public bool IsListener => Gateway.Resource.Spec is KubernetesGateway;

    public bool RedirectsToHttps => Kind is EdgeKind.Http && Server.Tls is { HttpsRedirect: true };

    /// <summary>Of the DNS names served those that on its port are its own.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>The DNS names served, whoever may serve them.</summary>
    public IEnumerable<string> Hosts => Server.Hosts.Select(host => Split(host).Name);

    /// <summary>The DNS names that resources of a namespace may serve here.</summary>
    public IEnumerable<string> HostsFor(string ns) => Server.Hosts.Select(Split)
        .Where(host => host.Namespace is "*" || host.Namespace == ns)
        .Select(host => host.Name);

    private (string Namespace, string Name) Split(string host)
    {
        var slash = host.IndexOf('/');
        var name = host[(slash + 1)..].ToLowerInvariant();
        return slash < 0 ? ("*", name) : (host[..slash] is "." ? Gateway.Namespace : host[..slash], name);
    }
}
