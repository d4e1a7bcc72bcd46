using System.Buffers;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>Tells HTTP by its first line (RFC 9112 section 3, RFC 9113 section 3.4).</summary>
internal static class HttpSniff
{
    private const int LongestMethod = 32;
    private const int LongestLine = 8 * 1024;

    private static readonly SearchValues<byte> Letters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"u8);

    /// <summary>Reads what has arrived, and consumes nothing.</summary>
    public static SpokenProtocol Read(in ReadOnlySequence<byte> arrived)
    {
        switch (PlaintextHttp2.IsPreface(arrived))
        {
            case true: return SpokenProtocol.Http2;
            case null: return SpokenProtocol.Incomplete;
        }

        var reader = new SequenceReader<byte>(arrived);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> method, (byte)' '))
        {
            var isShort = arrived.Length <= LongestMethod && HasOnlyLetters(arrived);
            return isShort ? SpokenProtocol.Incomplete : SpokenProtocol.Other;
        }

        if (method.IsEmpty || method.Length > LongestMethod || !HasOnlyLetters(method)) return SpokenProtocol.Other;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            // a target of this length is for the HTTP server to refuse
            return reader.Remaining < LongestLine ? SpokenProtocol.Incomplete : SpokenProtocol.Http1;
        }

        return EndsInVersion(line) ? SpokenProtocol.Http1 : SpokenProtocol.Other;
    }

    private static bool HasOnlyLetters(in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            if (segment.Span.ContainsAnyExcept(Letters)) return false;
        }

        return true;
    }

    private static bool EndsInVersion(in ReadOnlySequence<byte> line)
    {
        Span<byte> end = stackalloc byte[" HTTP/1.1\r".Length];
        if (line.Length < end.Length) return false;
        line.Slice(line.Length - end.Length).CopyTo(end);
        var text = end[^1] == '\r' ? end[..^1] : end[1..];
        return text.SequenceEqual(" HTTP/1.1"u8) || text.SequenceEqual(" HTTP/1.0"u8);
    }
}
