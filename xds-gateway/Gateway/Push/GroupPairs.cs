using System.Runtime.CompilerServices;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>
/// Remembers something of pairs of groups, for as long as both live: many streams go from the same one to the same other.
/// </summary>
internal sealed class GroupPairs<T>(Func<ResourceGroup, ResourceGroup, T> make)
    where T : class
{
    private readonly ConditionalWeakTable<ResourceGroup, ConditionalWeakTable<ResourceGroup, T>> _known = [];

    /// <summary>What is remembered of a pair; made when it is first asked for.</summary>
    public T Of(ResourceGroup before, ResourceGroup after) =>
        _known.GetValue(after, static _ => []).GetValue(before, b => make(b, after));
}
