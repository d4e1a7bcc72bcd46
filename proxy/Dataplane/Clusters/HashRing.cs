using System.Globalization;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>A ring on which each endpoint stands at many places; a key belongs to the next place clockwise.</summary>
/// <remarks>Source: Envoy's ring hash (ketama) load balancer: places are XXH64 of <c>address:port_n</c>.</remarks>
internal sealed class HashRing : HashTable
{
    private readonly ulong[] _places;
    private readonly EndpointSlot[] _slots;
    private readonly int[] _owners;

    public HashRing(HashMember[] members, long least, long most)
    {
        _slots = [.. members.Select(m => m.Slot)];
        var total = members.Sum(m => m.Weight);
        var smallest = members.Min(m => m.Weight) / total;

        // As large as gives the lightest endpoint a whole number of places.
        var scale = Math.Min(Math.Ceiling(smallest * least) / smallest, most);
        var places = new List<ulong>((int)Math.Ceiling(scale));
        var owners = new List<int>(places.Capacity);
        var target = 0.0;
        Span<char> text = stackalloc char[96];
        for (var i = 0; i < members.Length; i++)
        {
            target += scale * members[i].Weight / total;
            for (var n = 0; places.Count < target; n++)
            {
                text.TryWrite(CultureInfo.InvariantCulture, $"{members[i].Key}_{n}", out var length);
                places.Add(XxHash64.Hash(text[..length]));
                owners.Add(i);
            }
        }

        (_places, _owners) = ([.. places], [.. owners]);
        Array.Sort(_places, _owners);
    }

    public int Size => _places.Length;

    public override EndpointSlot? Find(ulong hash, bool heedsOutliers)
    {
        var found = Array.BinarySearch(_places, hash);
        var place = found < 0 ? ~found : found;
        for (var i = 0; i < _places.Length; i++)
        {
            var slot = _slots[_owners[(place + i) % _places.Length]];
            if (!heedsOutliers || !slot.State.IsOut) return slot;
        }

        return null;
    }
}
