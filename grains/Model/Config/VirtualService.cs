using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>How requests to a host are routed (networking.istio.io). The first matching route wins.</summary>
public sealed record VirtualService : ConfigSpec
{
    /// <summary>The gateway name that stands for all sidecars.</summary>
    public const string MeshGateway = "mesh";

    /// <summary>
    /// A gateway's full name, <c>namespace/name</c>: by itself it is one of the same namespace; <c>./name</c> and the older
    /// forms <c>name.namespace</c> and <c>name.namespace.svc.cluster.local</c> are understood. Source: Istio,
    /// <c>resolveGatewayName</c>.
    /// </summary>
    /// <param name="name">As written.</param>
    /// <param name="ns">The namespace of the VirtualService.</param>
    public static string GatewayName(string name, string ns)
    {
        if (name.StartsWith("./", StringComparison.Ordinal)) return $"{ns}{name[1..]}";
        if (name.Contains('/')) return name;
        return name.Split('.') is [var first, var second, ..] ? $"{second}/{first}" : $"{ns}/{name}";
    }

    /// <summary>The hosts it answers for, as written; none makes it a delegate of another VirtualService.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>The gateways it binds to; <c>mesh</c> means the sidecars, and none means <c>[mesh]</c>.</summary>
    public ImmutableArray<string> Gateways { get; init; } = [];

    /// <summary>Whether sidecars follow it.</summary>
    public bool IsForSidecars => Gateways.IsEmpty || Gateways.Contains(MeshGateway);

    /// <summary>Whether gateways at the edge follow it; sidecars may follow it as well.</summary>
    public bool IsForGateways => Gateways.Any(name => name != MeshGateway);

    /// <summary>Routes of HTTP, HTTP/2 and gRPC traffic, in order.</summary>
    public ImmutableArray<HttpRoute> Http { get; init; } = [];

    /// <summary>Routes of TLS traffic that is not terminated, in order.</summary>
    public ImmutableArray<TlsRoute> Tls { get; init; } = [];

    /// <summary>Routes of opaque TCP traffic, in order.</summary>
    public ImmutableArray<TcpRoute> Tcp { get; init; } = [];

    /// <summary>The namespaces that see it; none means all.</summary>
    public ImmutableArray<string> ExportTo { get; init; } = [];
}

/// <summary>A route of TLS traffic, chosen by SNI.</summary>
/// <param name="Match">Conditions, any of which will do.</param>
/// <param name="Route">Where connections go.</param>
public sealed record TlsRoute(ImmutableArray<L4Match> Match, ImmutableArray<WeightedDestination> Route);

/// <summary>A route of TCP traffic.</summary>
/// <param name="Match">Conditions, any of which will do; none means always.</param>
/// <param name="Route">Where connections go.</param>
public sealed record TcpRoute(ImmutableArray<L4Match> Match, ImmutableArray<WeightedDestination> Route);

/// <summary>A condition on a connection; all of its fields must hold.</summary>
public sealed record L4Match
{
    /// <summary>Server names asked for; TLS routes only.</summary>
    public ImmutableArray<string> SniHosts { get; init; } = [];

    /// <summary>Destination addresses, IPv4 or IPv6, with optional prefix length.</summary>
    public ImmutableArray<string> DestinationSubnets { get; init; } = [];

    /// <summary>Destination port; null means any.</summary>
    public int? Port { get; init; }

    /// <summary>Source address with optional prefix length; empty means any. TCP routes only.</summary>
    public string SourceSubnet { get; init; } = "";

    /// <summary>Labels of the client workload: selects the proxies that get the rule.</summary>
    public ImmutableSortedDictionary<string, string> SourceLabels { get; init; } = EmptyMap.Text;

    /// <summary>Gateways that get the rule; overrides those of the VirtualService.</summary>
    public ImmutableArray<string> Gateways { get; init; } = [];

    /// <summary>Namespace of the client workload; empty means any.</summary>
    public string SourceNamespace { get; init; } = "";
}

/// <summary>A destination and its share of the connections.</summary>
/// <param name="Destination">Where; null when the manifest named none.</param>
/// <param name="Weight">Share relative to the other destinations' weights.</param>
public sealed record WeightedDestination(Destination? Destination, int Weight);
