using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// Writes the scheme of a connection's first target in lower case: Kestrel takes no other, though its case means nothing
/// (RFC 3986 section 3.1). Only letters change, so where a message ends is Kestrel's to say as before. Hangs in the features
/// of such a connection, which ends after that request: where the next one begins is not known here.
/// </summary>
internal sealed class SchemeCase
{
    private const int LongestMethod = 32;

    private SchemeCase()
    {
    }

    public static SchemeCase Instance { get; } = new();

    private static ReadOnlySpan<byte> Secure => "https://"u8;

    private static ReadOnlySpan<byte> Plain => "http://"u8;

    /// <summary>Looks at the first bytes of a request, from an untrusted peer.</summary>
    /// <returns>Whether a scheme was written anew; null while it may still come.</returns>
    public static bool? Fold(in ReadOnlySequence<byte> arrived)
    {
        Span<byte> first = stackalloc byte[LongestMethod + 1 + 8];
        var length = (int)Math.Min(arrived.Length, first.Length);
        arrived.Slice(0, length).CopyTo(first);
        var line = first[..length];
        var space = line.IndexOf((byte)' ');
        if (space < 0) return length <= LongestMethod && line.IndexOfAnyInRange((byte)0, (byte)31) < 0 ? null : false;
        var target = line[(space + 1)..];
        if (IsPart(target, Plain) || IsPart(target, Secure)) return null;
        var letters = Begins(target, Plain) ? 4 : Begins(target, Secure) ? 5 : 0;
        if (!target[..letters].ContainsAnyInRange((byte)'A', (byte)'Z')) return false;
        foreach (var segment in arrived.Slice(space + 1, letters))
        {
            foreach (ref var letter in MemoryMarshal.AsMemory(segment).Span) letter |= 0x20;
        }

        return true;
    }

    private static bool IsPart(ReadOnlySpan<byte> text, ReadOnlySpan<byte> whole) =>
        text.Length < whole.Length && Begins(whole, text);

    private static bool Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> beginning) =>
        text.Length >= beginning.Length && Ascii.EqualsIgnoreCase(text[..beginning.Length], beginning);
}
