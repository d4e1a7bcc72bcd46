using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Mtls;

/// <summary>One caller of one port of the workloads of one group, and what a configuration means for it.</summary>
internal sealed record CallerRow
{
    /// <summary>The namespace of the workload that is called.</summary>
    public required string Namespace { get; init; }

    /// <summary>The group of the workload that is called; its name where it is in none.</summary>
    public required string Workload { get; init; }

    /// <summary>The workload port.</summary>
    public required int Port { get; init; }

    /// <summary>The caller's address.</summary>
    public required string Address { get; init; }

    /// <summary>The members of the mesh at that address, as <c>namespace/name</c>.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>It speaks TLS that is not the mesh's.</summary>
    public required bool IsTls { get; init; }

    /// <summary>How many connections were seen.</summary>
    public required long Connections { get; init; }

    /// <summary>How many of them are open, as far as sidecars that are connected tell.</summary>
    public required int Open { get; init; }

    /// <summary>When it was first seen.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>When it was last seen; now for one that is still there.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>What the port demands today.</summary>
    public required MutualTlsMode Mode { get; init; }

    /// <summary>What it would demand, and who says so.</summary>
    public required AuthenticationInForce Then { get; init; }

    /// <summary>What that means for the caller.</summary>
    public required CallerStanding Standing { get; init; }

    /// <summary>The row for whoever sees some namespaces: who of another one is at the address is not told.</summary>
    public CallerRow For(Func<string, bool> sees) =>
        this with { Members = [.. Members.Where(member => sees(member.Split('/')[0]))] };
}
