using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>
/// Which endpoint of one priority a hash belongs to. Made once for a set of endpoints, from nothing but their addresses
/// and weights, so it is the same in every proxy of the mesh.
/// </summary>
/// <remarks>
/// An endpoint that is out for a while keeps its place and is passed over: its keys go to others, everybody else's stay
/// where they are, and what comes back gets its own keys back.
/// </remarks>
internal abstract class HashTable
{
    /// <summary>Makes the table; null when there is nobody to choose or the cluster does not hash.</summary>
    /// <param name="weighed">Who may be chosen, ejected ones included.</param>
    /// <param name="model">The cluster.</param>
    public static HashTable? Of((EndpointSlot Slot, double Weight)[] weighed, ClusterModel model)
    {
        if (weighed.Length == 0) return null;
        var members = weighed.Select(w => new HashMember(w.Slot, w.Weight))
            .OrderBy(m => m.Key, StringComparer.Ordinal)
            .ToArray();
        return model.LoadBalancing switch
        {
            LoadBalancing.RingHash => new HashRing(members, model.MinRingSize, model.MaxRingSize),
            LoadBalancing.Maglev => new MaglevTable(members, model.MaglevTableSize),
            _ => null,
        };
    }

    /// <summary>Chooses; null when all are out.</summary>
    /// <param name="hash">The key.</param>
    /// <param name="heedsOutliers">False in a panic: whoever is ejected is chosen all the same.</param>
    public abstract EndpointSlot? Find(ulong hash, bool heedsOutliers);
}

/// <summary>One endpoint of a table.</summary>
internal readonly record struct HashMember(EndpointSlot Slot, double Weight)
{
    /// <summary>What stands for it: its address and port, as Envoy writes them.</summary>
    public string Key { get; } = Slot.UriPrefix["http://".Length..];

    public ulong Hash(ulong seed) => XxHash64.Hash(Key, seed);
}
