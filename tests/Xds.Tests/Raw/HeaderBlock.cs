using System.Text;

namespace MeshOrleans.Xds.Tests.Raw;

/// <summary>
/// As much of HPACK as a client needs that offers no dynamic table: it writes literals, and reads literals and the static
/// table. Kestrel never uses Huffman codes; a server that did would fail the test that meets it.
/// </summary>
/// <remarks>Source: RFC 7541, sections 5 and 6, appendix A.</remarks>
internal static class HeaderBlock
{
    private const string StaticTable =
        ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|"
        + ":status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|"
        + "accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|"
        + "authorization|cache-control|content-disposition|content-encoding|content-language|content-length|"
        + "content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|"
        + "if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|"
        + "proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|"
        + "strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate";

    private static readonly (string Name, string Value)[] _static =
    [
        .. StaticTable.Split('|').Select(e => e.Split('=', 2)).Select(e => (e[0], e.ElementAtOrDefault(1) ?? "")),
    ];

    /// <summary>Every header as a literal that nobody remembers.</summary>
    public static byte[] Write(IEnumerable<(string Name, string Value)> headers)
    {
        var bytes = new List<byte>();
        foreach (var (name, value) in headers)
        {
            bytes.Add(0);
            WriteText(bytes, name);
            WriteText(bytes, value);
        }

        return [.. bytes];
    }

    public static Dictionary<string, string> Read(ReadOnlySpan<byte> block)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                var (name, value) = _static[ReadNumber(ref block, 7) - 1];
                headers[name] = value;
            }
            else if ((first & 0xe0) == 0x20)
            {
                Assert.Equal(0, ReadNumber(ref block, 5)); // what the client's settings allow of a dynamic table
            }
            else
            {
                var index = ReadNumber(ref block, (first & 0x40) != 0 ? 6 : 4);
                var name = index == 0 ? ReadText(ref block) : _static[index - 1].Name;
                headers[name] = ReadText(ref block);
            }
        }

        return headers;
    }

    private static void WriteText(List<byte> bytes, string text)
    {
        var content = Encoding.UTF8.GetBytes(text);
        if (content.Length < 127)
        {
            bytes.Add((byte)content.Length);
        }
        else
        {
            bytes.Add(127);
            var rest = content.Length - 127;
            for (; rest >= 0x80; rest >>= 7) bytes.Add((byte)(rest | 0x80));
            bytes.Add((byte)rest);
        }

        bytes.AddRange(content);
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> block, int prefix)
    {
        var max = (1 << prefix) - 1;
        var value = block[0] & max;
        block = block[1..];
        if (value < max) return value;
        for (var shift = 0; ; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            value += (next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        Assert.True((block[0] & 0x80) == 0, "The server has sent a Huffman code, which this client cannot read.");
        var length = ReadNumber(ref block, 7);
        var text = Encoding.UTF8.GetString(block[..length]);
        block = block[length..];
        return text;
    }
}
