using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Whether a workload demands mesh mTLS.</summary>
public enum MutualTlsMode
{
    /// <summary>As the wider policy says.</summary>
    Unset,

    /// <summary>Plaintext only.</summary>
    Disable,

    /// <summary>Both.</summary>
    Permissive,

    /// <summary>Mesh mTLS only.</summary>
    Strict,
}

/// <summary>Whether workloads demand mesh mTLS (security.istio.io).</summary>
public sealed record PeerAuthentication : ConfigSpec
{
    /// <summary>
    /// The workloads it is for; null means all of the namespace, or of the mesh in the root namespace.
    /// </summary>
    public WorkloadSelector? Selector { get; init; }

    /// <summary>What they demand; <see cref="MutualTlsMode.Unset"/> when not given.</summary>
    public MutualTlsMode Mtls { get; init; }

    /// <summary>What single workload ports demand.</summary>
    public ImmutableSortedDictionary<int, MutualTlsMode> PortLevelMtls { get; init; } =
        ImmutableSortedDictionary<int, MutualTlsMode>.Empty;
}
