using System.Collections.Immutable;

namespace MeshOrleans.Grains.Audit;

/// <summary>What is saved of a part of the trail.</summary>
[GenerateSerializer, Immutable, Alias("mesh.AuditState")]
internal sealed record AuditState
{
    /// <summary>The number of the newest entry; zero before the first.</summary>
    [Id(0)] public long Last { get; init; }

    /// <summary>The entries, oldest first.</summary>
    [Id(1)] public ImmutableArray<AuditEntry> Newest { get; init; } = [];
}
