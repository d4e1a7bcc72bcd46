namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>The fields that a connection has seen, newest first (RFC 7541 section 2.3.2).</summary>
/// <param name="most">The largest size that it may ever be given, in bytes.</param>
internal sealed class DynamicTable(int most)
{
    // as many as the smallest fields could be
    private readonly HeaderField[] _ring = new HeaderField[(most / 32) + 1];
    private int _newest = -1;
    private int _size;

    public int Count { get; private set; }

    /// <summary>How many bytes of fields it may hold.</summary>
    public int Capacity { get; private set; } = most;

    /// <summary>How many fields it has ever taken: the newest one's serial number.</summary>
    public long Taken { get; private set; }

    /// <summary>The field of a number from 1, the newest, to <see cref="Count"/>.</summary>
    public HeaderField At(int index) => _ring[(_newest - index + 1 + _ring.Length) % _ring.Length];

    /// <summary>Makes it smaller or larger.</summary>
    /// <param name="capacity">At most what it was made for.</param>
    public void Resize(int capacity)
    {
        Capacity = capacity;
        Shrink(capacity);
    }

    /// <summary>Takes a field in; older ones go for it, and one that is too large empties the table.</summary>
    /// <returns>Whether it is in.</returns>
    public bool Add(HeaderField field)
    {
        Shrink(Capacity - field.Size);
        if (field.Size > Capacity) return false;
        _newest = (_newest + 1) % _ring.Length;
        _ring[_newest] = field;
        (_size, Count, Taken) = (_size + field.Size, Count + 1, Taken + 1);
        return true;
    }

    private void Shrink(int room)
    {
        while (_size > room && Count > 0)
        {
            ref var oldest = ref _ring[(_newest - Count + 1 + _ring.Length) % _ring.Length];
            _size -= oldest.Size;
            oldest = default;
            Count--;
        }
    }
}
