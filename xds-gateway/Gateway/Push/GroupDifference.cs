using System.Collections.Immutable;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>What changed from one group of resources to the next, by name, in order.</summary>
/// <param name="Changed">New, or with another version.</param>
/// <param name="Removed">No longer there.</param>
internal sealed record GroupDifference(ImmutableArray<string> Changed, ImmutableArray<string> Removed)
{
    private static readonly Pairs<ResourceGroup, GroupDifference> Known =
        new((b, a) => Compare(b.Resources, a.Resources));

    /// <summary>Compares two groups.</summary>
    public static GroupDifference Between(ResourceGroup before, ResourceGroup after) => Known.Of(before, after);

    private static GroupDifference Compare(
        ImmutableArray<EncodedResource> before, ImmutableArray<EncodedResource> after)
    {
        var (changed, removed) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        var (b, a) = (0, 0);
        while (b < before.Length || a < after.Length)
        {
            var order =
                b == before.Length ? 1 : a == after.Length ? -1 : string.CompareOrdinal(before[b].Name, after[a].Name);
            if (order < 0)
            {
                removed.Add(before[b++].Name);
            }
            else if (order > 0)
            {
                changed.Add(after[a++].Name);
            }
            else
            {
                if (before[b].Version != after[a].Version) changed.Add(after[a].Name);
                (b, a) = (b + 1, a + 1);
            }
        }

        return new GroupDifference(changed.ToImmutable(), removed.ToImmutable());
    }
}
