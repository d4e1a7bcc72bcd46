using System.Collections.Immutable;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>
/// Everything of a proxy that its configuration depends on: equal scopes get the same bytes. The node's id is no part
/// of it, and its address only where it serves without a proxy.
/// </summary>
/// <remarks>
/// Compared by content, maps included. The service account is told here for those who list proxies; no resource depends
/// on it, so it does not tell scopes apart.
/// </remarks>
public sealed record ProxyScope
{
    /// <summary>What the proxy stands in front of.</summary>
    public ProxyMode Mode { get; init; }

    /// <summary>The workload's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The service account it runs as.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The workload's labels.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where it runs.</summary>
    public Locality Locality { get; init; } = Locality.Unknown;

    /// <summary>The network it is reachable on; empty for the mesh's default network.</summary>
    public string Network { get; init; } = "";

    /// <summary>The workload's own ports by name.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>
    /// The literal address on which a proxyless server serves <see cref="Ports"/>; empty for everybody else, so that
    /// they share what they get.
    /// </summary>
    public string BindAddress { get; init; } = "";

    /// <summary>What a stock Envoy shows to servers; null for one that has none, and for everybody else.</summary>
    public CertificateSource? ClientFiles { get; init; }

    /// <summary>What a stock Envoy shows to clients; null for one that has none, and for everybody else.</summary>
    public CertificateSource? ServerFiles { get; init; }

    /// <summary>
    /// The hosts that its workload calls; null for a proxy that is told of everything it may see. Counts only where the
    /// mesh scopes automatically, see <see cref="AutoScope"/>.
    /// </summary>
    public ImmutableSortedSet<string>? Used { get; init; }

    /// <inheritdoc/>
    public bool Equals(ProxyScope? other) =>
        other is not null
        && Mode == other.Mode
        && Namespace == other.Namespace
        && BindAddress == other.BindAddress
        && Locality == other.Locality
        && Network == other.Network
        && ClientFiles == other.ClientFiles
        && ServerFiles == other.ServerFiles
        && Labels.SequenceEqual(other.Labels)
        && Ports.SequenceEqual(other.Ports)
        && (Used is null ? other.Used is null : other.Used is not null && Used.SequenceEqual(other.Used));

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Mode);
        hash.Add(Namespace, StringComparer.Ordinal);
        hash.Add(BindAddress, StringComparer.Ordinal);
        hash.Add(Locality);
        hash.Add(Network, StringComparer.Ordinal);
        hash.Add(ClientFiles);
        hash.Add(ServerFiles);
        foreach (var (key, value) in Labels) hash.Add((key, value));
        foreach (var (name, port) in Ports) hash.Add((name, port));
        foreach (var host in Used ?? []) hash.Add(host, StringComparer.Ordinal);
        return hash.ToHashCode();
    }
}
