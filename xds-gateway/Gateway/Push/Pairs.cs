using System.Runtime.CompilerServices;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>
/// Remembers something of pairs, for as long as both live: many streams go from the same one to the same other.
/// </summary>
internal sealed class Pairs<TKey, TValue>(Func<TKey, TKey, TValue> make)
    where TKey : class
    where TValue : class
{
    private readonly ConditionalWeakTable<TKey, ConditionalWeakTable<TKey, TValue>> _known = [];

    /// <summary>What is remembered of a pair; made when it is first asked for.</summary>
    public TValue Of(TKey before, TKey after) =>
        _known.GetValue(after, static _ => []).GetValue(before, b => make(b, after));
}
