using System.Buffers;
using System.Text;

namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>
/// Writes blocks of fields (RFC 7541): what comes again and again is remembered, what is new each time or secret is not.
/// Strings are written as they are. Not for several threads at once.
/// </summary>
internal sealed class HpackEncoder
{
    private const int LongestRemembered = 512;

    private readonly DynamicTable _table = new(HpackDecoder.DefaultTableSize);
    private readonly Dictionary<HeaderField, long> _serials = [];
    private int? _newCapacity;
    private int? _lowest;

    /// <summary>The peer has said how large a table it keeps.</summary>
    public void Resize(int peerSize)
    {
        var capacity = Math.Min(peerSize, HpackDecoder.DefaultTableSize);
        if (capacity == _table.Capacity) return;
        _table.Resize(capacity);
        (_newCapacity, _lowest) = (capacity, Math.Min(capacity, _lowest ?? capacity));
    }

    /// <summary>What stands before the first field of a block.</summary>
    public void Begin(IBufferWriter<byte> output)
    {
        if (_newCapacity is not { } capacity) return;
        if (_lowest < capacity) WriteInteger(output, 0x20, 5, _lowest.Value); // what that has emptied is empty
        WriteInteger(output, 0x20, 5, capacity);
        (_newCapacity, _lowest) = (null, null);
    }

    /// <summary>Writes one field.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="name">In lower case.</param>
    /// <param name="value">Each character is one byte.</param>
    public void Write(IBufferWriter<byte> output, string name, string value)
    {
        var field = new HeaderField(name, value);
        if (StaticTable.IndexOf(field) is > 0 and var known)
        {
            WriteInteger(output, 0x80, 7, known);
            return;
        }

        var memory = MemoryFor(name, value);
        if (memory is Memory.Kept && _serials.TryGetValue(field, out var serial))
        {
            var age = _table.Taken - serial;
            if (age < _table.Count)
            {
                WriteInteger(output, 0x80, 7, StaticTable.Count + 1 + (int)age);
                return;
            }
        }

        var isKept = memory is Memory.Kept && Keep(field);
        var (pattern, prefix) = isKept ? (0x40, 6) : memory is Memory.Secret ? (0x10, 4) : (0x00, 4);
        var index = StaticTable.IndexOf(name);
        WriteInteger(output, pattern, prefix, index);
        if (index == 0) WriteString(output, name);
        WriteString(output, value);
    }

    private bool Keep(HeaderField field)
    {
        if (!_table.Add(field)) return false;
        if (_serials.Count > 2 * _table.Count + 16) Forget();
        _serials[field] = _table.Taken;
        return true;
    }

    // Those that the table has dropped.
    private void Forget()
    {
        foreach (var (field, serial) in _serials)
        {
            if (_table.Taken - serial >= _table.Count) _serials.Remove(field);
        }
    }

    private static Memory MemoryFor(string name, string value) => name switch
    {
        "authorization" or "proxy-authorization" or "cookie" or "set-cookie" => Memory.Secret,
        ":path" or "content-length" or "x-request-id" or "traceparent" or "tracestate" or "date" or "etag" or "last-modified"
            or "age" or "expires" or "x-b3-traceid" or "x-b3-spanid" or "x-b3-parentspanid" or "grpc-timeout"
            or "x-envoy-original-path" or "location" or "referer" => Memory.None,
        _ => value.Length > LongestRemembered ? Memory.None : Memory.Kept,
    };

    private static void WriteInteger(IBufferWriter<byte> output, int pattern, int prefix, int value)
    {
        var span = output.GetSpan(6);
        var most = (1 << prefix) - 1;
        if (value < most)
        {
            span[0] = (byte)(pattern | value);
            output.Advance(1);
            return;
        }

        span[0] = (byte)(pattern | most);
        value -= most;
        var at = 1;
        for (; value >= 0x80; value >>= 7) span[at++] = (byte)(value | 0x80);
        span[at++] = (byte)value;
        output.Advance(at);
    }

    private static void WriteString(IBufferWriter<byte> output, string text)
    {
        WriteInteger(output, 0, 7, text.Length);
        var span = output.GetSpan(Math.Max(1, text.Length));
        Encoding.Latin1.GetBytes(text, span);
        output.Advance(text.Length);
    }

    private enum Memory
    {
        /// <summary>Not remembered here, but maybe further on.</summary>
        None,

        Kept,

        /// <summary>Nobody on the way is to remember it.</summary>
        Secret,
    }
}
