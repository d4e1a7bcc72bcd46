using System.Collections.Frozen;

namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>The fields that everybody knows (RFC 7541 appendix A).</summary>
internal static class StaticTable
{
    private static readonly HeaderField[] _fields =
    [
        new(":authority", ""), new(":method", "GET"), new(":method", "POST"), new(":path", "/"), new(":path", "/index.html"),
        new(":scheme", "http"), new(":scheme", "https"), new(":status", "200"), new(":status", "204"), new(":status", "206"),
        new(":status", "304"), new(":status", "400"), new(":status", "404"), new(":status", "500"), new("accept-charset", ""),
        new("accept-encoding", "gzip, deflate"), new("accept-language", ""), new("accept-ranges", ""), new("accept", ""),
        new("access-control-allow-origin", ""), new("age", ""), new("allow", ""), new("authorization", ""), new("cache-control", ""),
        new("content-disposition", ""), new("content-encoding", ""), new("content-language", ""), new("content-length", ""),
        new("content-location", ""), new("content-range", ""), new("content-type", ""), new("cookie", ""), new("date", ""),
        new("etag", ""), new("expect", ""), new("expires", ""), new("from", ""), new("host", ""), new("if-match", ""),
        new("if-modified-since", ""), new("if-none-match", ""), new("if-range", ""), new("if-unmodified-since", ""),
        new("last-modified", ""), new("link", ""), new("location", ""), new("max-forwards", ""), new("proxy-authenticate", ""),
        new("proxy-authorization", ""), new("range", ""), new("referer", ""), new("refresh", ""), new("retry-after", ""),
        new("server", ""), new("set-cookie", ""), new("strict-transport-security", ""), new("transfer-encoding", ""),
        new("user-agent", ""), new("vary", ""), new("via", ""), new("www-authenticate", ""),
    ];

    private static readonly FrozenDictionary<string, int> _names = Enumerable.Range(0, _fields.Length)
        .GroupBy(i => _fields[i].Name).ToFrozenDictionary(g => g.Key, g => g.First() + 1);

    private static readonly FrozenDictionary<HeaderField, int> _whole = Enumerable.Range(0, _fields.Length)
        .ToFrozenDictionary(i => _fields[i], i => i + 1);

    private static readonly int _longestValue = _fields.Max(f => f.Value.Length); // longer ones need not be hashed

    /// <summary>How many there are.</summary>
    public const int Count = 61;

    /// <summary>The field of a number from 1 on.</summary>
    public static HeaderField At(int index) => _fields[index - 1];

    /// <summary>The number of a field; 0 when it is not among them.</summary>
    public static int IndexOf(HeaderField field) =>
        field.Value.Length <= _longestValue ? _whole.GetValueOrDefault(field) : 0;

    /// <summary>The number of a field with this name; 0 when there is none.</summary>
    public static int IndexOf(string name) => _names.GetValueOrDefault(name);
}
