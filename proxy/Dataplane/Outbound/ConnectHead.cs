using System.Buffers;
using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>
/// The head of a CONNECT request of HTTP/1.1, read from untrusted bytes: whatever two readers could take in two ways is
/// refused.
/// </summary>
internal static class ConnectHead
{
    /// <summary>The longest head, in bytes, its empty line included.</summary>
    public const int Longest = 16 * 1024;

    private static readonly SearchValues<byte> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>What every such request begins with.</summary>
    public static ReadOnlySpan<byte> Method => "CONNECT "u8;

    private static ReadOnlySpan<byte> End => "\r\n\r\n"u8;

    /// <summary>Where the head ends.</summary>
    /// <returns>The position after its empty line; null while that has not arrived.</returns>
    public static SequencePosition? EndOf(in ReadOnlySequence<byte> arrived)
    {
        var reader = new SequenceReader<byte>(arrived);
        return reader.TryReadTo(out ReadOnlySequence<byte> _, End) ? reader.Position : null;
    }

    /// <summary>Reads a whole head.</summary>
    /// <param name="head">The bytes, with the empty line at their end.</param>
    /// <param name="target">Where the tunnel is to lead; null when it is refused.</param>
    /// <returns>0 when it is well-formed, else the status with which to refuse it.</returns>
    public static int Read(ReadOnlySpan<byte> head, out TunnelTarget? target)
    {
        target = null;
        if (head.Length > Longest) return 431;
        var line = NextLine(ref head, out var isWhole);
        if (!isWhole || !line.StartsWith(Method)) return 400;
        line = line[Method.Length..];
        var space = line.IndexOf((byte)' ');
        if (space < 0) return 400;
        var authority = Text(line[..space]);
        var version = line[(space + 1)..];
        if (version.SequenceEqual("HTTP/1.0"u8)) return 426;
        if (!version.SequenceEqual("HTTP/1.1"u8)) return 400;
        if (TunnelTarget.Read(authority) is not { } read) return 400;
        if (!HasGoodFields(head, read)) return 400;
        target = read;
        return 0;
    }

    private static bool HasGoodFields(ReadOnlySpan<byte> fields, TunnelTarget target)
    {
        var hosts = 0;
        while (true)
        {
            var line = NextLine(ref fields, out var isWhole);
            if (!isWhole) return false;
            if (line.IsEmpty) return hosts == 1 && fields.IsEmpty;
            var colon = line.IndexOf((byte)':');
            if (colon <= 0 || line[..colon].ContainsAnyExcept(Token)) return false;
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (HasControls(value)) return false;
            if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8)) return false; // a CONNECT has no content
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8) && !value.SequenceEqual("0"u8)) return false;
            if (!Ascii.EqualsIgnoreCase(name, "host"u8)) continue;
            hosts++;
            if (!IsSame(Text(value), target)) return false;
        }
    }

    // The port may be left out of the header, though RFC 9112 section 3.2 has it repeated there.
    private static bool IsSame(string host, TunnelTarget target) =>
        (TunnelTarget.Read(host) ?? TunnelTarget.Read($"{host}:{target.Port}")) == target;

    private static bool HasControls(ReadOnlySpan<byte> value)
    {
        foreach (var b in value)
        {
            if (b is < 0x20 and not (byte)'\t' or 0x7f) return true;
        }

        return false;
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest, out bool isWhole)
    {
        var end = rest.IndexOf((byte)'\n');
        isWhole = end > 0 && rest[end - 1] == '\r' && rest[..(end - 1)].IndexOf((byte)'\r') < 0;
        if (!isWhole) return default;
        var line = rest[..(end - 1)];
        rest = rest[(end + 1)..];
        return line;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
