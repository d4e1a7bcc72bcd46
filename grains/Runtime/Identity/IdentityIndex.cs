using System.Collections.Immutable;

namespace MeshOrleans.Grains.Identity;

/// <summary>Which parts of an identity there are; see <see cref="IdentityParts"/>.</summary>
[GenerateSerializer, Immutable, Alias("mesh.IdentityIndex")]
internal sealed record IdentityIndex
{
    /// <summary>Their numbers. One is noted before anything is saved in it.</summary>
    [Id(0)] public ImmutableArray<int> Parts { get; init; } = [];
}
