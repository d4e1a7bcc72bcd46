using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Connection with all that it names. Where just one of close, keep-alive and upgrade is named, Kestrel puts that in the
/// place of the whole header; so keep-alive, which HTTP/1.1 does without, is left out, or stands beside either of the others.
/// </summary>
internal sealed class ConnectionEncoding : HeaderEncoding
{
    private const string Second = "keep-alive";

    public static ConnectionEncoding Instance { get; } = new();

    public override int GetMaxCharCount(int byteCount) => byteCount + 1 + Second.Length;

    public override int GetCharCount(ReadOnlySpan<byte> bytes) => Write(bytes, default);

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars) => Write(bytes, chars);

    // Without room for it, it is only counted.
    private static int Write(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var (length, needsSecond) = (0, false);
        foreach (var range in bytes.Split((byte)','))
        {
            var name = bytes[range].Trim(" \t"u8);
            if (name.IsEmpty || Ascii.EqualsIgnoreCase(name, Second)) continue;
            needsSecond |= Ascii.EqualsIgnoreCase(name, "close"u8) || Ascii.EqualsIgnoreCase(name, "upgrade"u8);
            if (length > 0) Put(',', chars, ref length);
            foreach (var b in name) Put((char)b, chars, ref length);
        }

        if (!needsSecond) return length;
        Put(',', chars, ref length);
        foreach (var c in Second) Put(c, chars, ref length);
        return length;
    }

    private static void Put(char c, Span<char> chars, ref int length)
    {
        if (!chars.IsEmpty) chars[length] = c;
        length++;
    }
}
