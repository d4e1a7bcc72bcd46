using System.Collections.Immutable;

namespace MeshOrleans.Grains.Scopes;

/// <summary>What is saved of the hosts that a kind of workload has called.</summary>
[GenerateSerializer, Immutable, Alias("mesh.WorkloadScopeState")]
internal sealed record WorkloadScopeState
{
    /// <summary>When each host was last asked for.</summary>
    [Id(0)] public ImmutableDictionary<string, DateTimeOffset> Hosts { get; init; } =
        ImmutableDictionary<string, DateTimeOffset>.Empty;
}
