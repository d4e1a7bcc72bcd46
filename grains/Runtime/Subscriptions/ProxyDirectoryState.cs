using System.Collections.Immutable;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>Every node id that is known.</summary>
[GenerateSerializer, Immutable, Alias("mesh.ProxyDirectoryState")]
internal sealed record ProxyDirectoryState
{
    /// <summary>The ids, in no order.</summary>
    [Id(0)] public ImmutableHashSet<string> NodeIds { get; init; } = [];
}
