namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>A table that endpoints fill in turn, each in an order of its own; a key belongs to one entry.</summary>
/// <remarks>
/// Source: "Maglev: A Fast and Reliable Software Network Load Balancer", section 3.4; weights and hashes as in Envoy.
/// </remarks>
internal sealed class MaglevTable : HashTable
{
    private const int Empty = -1;

    private readonly EndpointSlot[] _slots;
    private readonly int[] _owners;

    /// <param name="members">The endpoints.</param>
    /// <param name="size">A prime.</param>
    public MaglevTable(HashMember[] members, long size)
    {
        _slots = [.. members.Select(m => m.Slot)];
        _owners = new int[size];
        Array.Fill(_owners, Empty);
        Fill(members);
    }

    public override EndpointSlot? Find(ulong hash, bool heedsOutliers)
    {
        var size = (ulong)_owners.Length;
        var entry = hash % size;
        var step = hash / size % (size - 1) + 1; // the size is a prime, so every entry is come by
        for (var i = 0; i < _owners.Length; i++, entry = (entry + step) % size)
        {
            var slot = _slots[_owners[entry]];
            if (!heedsOutliers || !slot.State.IsOut) return slot;
        }

        return null;
    }

    private void Fill(HashMember[] members)
    {
        var size = (ulong)_owners.Length;
        var next = members.Select(m => m.Hash(0) % size).ToArray();
        var skip = members.Select(m => m.Hash(1) % (size - 1) + 1).ToArray();
        var target = new double[members.Length];
        var heaviest = members.Max(m => m.Weight);
        var filled = 0;
        for (var turn = 1; ; turn++)
        {
            for (var i = 0; i < members.Length; i++)
            {
                if (turn * members[i].Weight < target[i]) continue; // a lighter one does not come in every turn
                target[i] += heaviest;
                while (_owners[next[i]] != Empty) next[i] = (next[i] + skip[i]) % size;
                _owners[next[i]] = i;
                if (++filled == _owners.Length) return;
            }
        }
    }
}
