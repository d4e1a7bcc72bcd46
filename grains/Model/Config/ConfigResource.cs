using System.Collections.Immutable;
using MeshOrleans.Model.Config.Documents;

namespace MeshOrleans.Model.Config;

/// <summary>
/// One accepted configuration resource: its name, its labels and what it says. Two are equal when their canonical texts
/// are (<see cref="ConfigJson.Write"/>); the equality of records says nothing here, because arrays compare by
/// reference.
/// </summary>
public sealed record ConfigResource
{
    /// <summary>Kind, namespace and name.</summary>
    public required ConfigKey Key { get; init; }

    /// <summary>What it says; one record type per kind.</summary>
    public required ConfigSpec Spec { get; init; }

    /// <summary>The spec as it was written; null for a resource that was made in code.</summary>
    public MapNode? Document { get; init; }

    /// <summary>The resource's own labels.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = EmptyMap.Text;

    /// <summary>The resource's annotations.</summary>
    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = EmptyMap.Text;

    /// <summary>
    /// The revision that first accepted a resource of this key since it was last absent: who is older wins.
    /// </summary>
    public long CreatedRevision { get; init; }

    /// <summary>Its place within the revision that created it, in the order the documents were written.</summary>
    public int CreatedOrdinal { get; init; }

    /// <summary>
    /// Counts what it has asked for: 1 for a new resource, and one more with each change of its spec. Kubernetes'
    /// <c>metadata.generation</c>.
    /// </summary>
    public long Generation { get; init; } = 1;

    /// <summary>The oldest first; of what was made by one request, in the order in which it stood there.</summary>
    public static IComparer<ConfigResource> ByAge { get; } = Comparer<ConfigResource>.Create(static (one, other) =>
    {
        var byRevision = one.CreatedRevision.CompareTo(other.CreatedRevision);
        if (byRevision != 0) return byRevision;
        var byOrdinal = one.CreatedOrdinal.CompareTo(other.CreatedOrdinal);
        return byOrdinal != 0 ? byOrdinal : one.Key.CompareTo(other.Key);
    });
}
