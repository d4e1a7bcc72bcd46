using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Grpc;

/// <summary>Reads the fields of a protobuf message from bytes that nobody vouches for, without throwing.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>What follows makes no sense; what has been read before is not to be used either.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Its value, where it is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its value, where it is text, bytes or a message; null bytes for a number.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether the value is text, bytes or a message.</summary>
    public bool IsBytes { get; private set; }

    /// <summary>Whether the value is a number of its own length; one of four or eight bytes is passed over.</summary>
    public bool IsNumber { get; private set; }

    /// <summary>Goes to the next field; false at the end, and where there is something else.</summary>
    public bool Read()
    {
        if (_rest.IsEmpty || IsMalformed) return false;
        if (!TryVarint(out var tag) || tag >> 3 is 0 or > 536_870_911) return Fail();
        (Field, Number, IsBytes, IsNumber) = ((int)(tag >> 3), 0, false, false);
        Bytes = default;
        switch (tag & 7)
        {
            case 0:
                if (!TryVarint(out var number)) return Fail();
                (Number, IsNumber) = (number, true);
                return true;
            case 1:
                return Skip(8);
            case 2:
                if (!TryVarint(out var length) || length > (ulong)_rest.Length) return Fail();
                Bytes = _rest[..(int)length];
                IsBytes = true;
                _rest = _rest[(int)length..];
                return true;
            case 5:
                return Skip(4);
            default:
                return Fail();
        }
    }

    /// <summary>The bytes as the characters that HTTP has for them.</summary>
    public readonly string Text() => Encoding.Latin1.GetString(Bytes);

    private bool Skip(int count)
    {
        if (_rest.Length < count) return Fail();
        _rest = _rest[count..];
        return true;
    }

    private bool Fail()
    {
        IsMalformed = true;
        return false;
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (var (i, shift) = (0, 0); i < _rest.Length && shift < 64; i++, shift += 7)
        {
            value |= (ulong)(_rest[i] & 0x7f) << shift;
            if (_rest[i] >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return true;
        }

        return false;
    }
}
