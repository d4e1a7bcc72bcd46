using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using MeshOrleans.Proxy.Http2.Frames;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// Makes the first line of a request in HTTP/1 one that Kestrel reads as RFC 9112 section 3.2 wants it read, without
/// changing its length: the scheme of an absolute target is written in small letters, as its case means nothing (RFC
/// 3986 section 3.1) and Kestrel takes no other; a target that has none of the four forms gets a byte that no target
/// may have, as Kestrel takes it for a name with the wrong method (405) and not for what it is (400).
/// </summary>
internal static class RequestLine
{
    private const int LongestMethod = 32;
    private const byte NoByteOfATarget = 0;

    private static ReadOnlySpan<byte> Secure => "https://"u8;

    private static ReadOnlySpan<byte> Plain => "http://"u8;

    /// <summary>
    /// Looks at where a request begins, from an untrusted peer. A line that is not whole is looked at again with what
    /// comes next.
    /// </summary>
    /// <returns>How many empty bytes stand before the line, which are no part of it.</returns>
    public static long Mend(in ReadOnlySequence<byte> arrived)
    {
        var reader = new SequenceReader<byte>(arrived);
        var empty = reader.AdvancePastAny((byte)'\r', (byte)'\n');
        Span<byte> first = stackalloc byte[LongestMethod + 1 + 8];
        var length = (int)Math.Min(reader.Remaining, first.Length);
        reader.TryCopyTo(first[..length]);
        var line = first[..length];
        var space = line.IndexOf((byte)' ');
        if (space <= 0 || line[..space].SequenceEqual("CONNECT"u8)) return empty;
        var target = line[(space + 1)..];
        if (target.IsEmpty || target[0] is (byte)'/' or (byte)' ') return empty;
        var place = arrived.Slice(empty + space + 1);
        if (target[0] == (byte)'*')
        {
            if (target.Length > 1 && !(target[1] == (byte)' ' && MayBeAsked(line, space))) Spoil(place);
            return empty;
        }

        if (IsPart(target, Plain) || IsPart(target, Secure)) return empty;
        var letters = Begins(target, Plain) ? 4 : Begins(target, Secure) ? 5 : 0;
        if (letters == 0) Spoil(place);
        else if (target[..letters].ContainsAnyInRange((byte)'A', (byte)'Z')) Lower(place.Slice(0, letters));
        return empty;
    }

    // Also by the preface of HTTP/2, of which there may be only a part so far.
    private static bool MayBeAsked(ReadOnlySpan<byte> line, int space) =>
        line[..space].SequenceEqual("OPTIONS"u8)
        || ClientPreface.Begins(line[..Math.Min(line.Length, ClientPreface.Bytes.Length)]) is not false;

    private static void Spoil(in ReadOnlySequence<byte> place) =>
        MemoryMarshal.AsMemory(place.First).Span[0] = NoByteOfATarget;

    private static void Lower(in ReadOnlySequence<byte> scheme)
    {
        foreach (var segment in scheme)
        {
            foreach (ref var letter in MemoryMarshal.AsMemory(segment).Span) letter |= 0x20;
        }
    }

    private static bool IsPart(ReadOnlySpan<byte> text, ReadOnlySpan<byte> whole) =>
        text.Length < whole.Length && Begins(whole, text);

    private static bool Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> beginning) =>
        text.Length >= beginning.Length && Ascii.EqualsIgnoreCase(text[..beginning.Length], beginning);
}
