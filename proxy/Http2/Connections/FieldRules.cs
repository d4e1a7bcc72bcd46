using System.Buffers;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>What names and values may hold (RFC 9113 section 8.2).</summary>
internal static class FieldRules
{
    private static readonly SearchValues<char> _nameCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> _never = SearchValues.Create("\0\r\n");

    /// <summary>Whether an ordinary field may come over HTTP/2: nothing in it that could be taken for another one.</summary>
    public static bool IsRight(string name, string value) =>
        name.Length > 0 && !name.AsSpan().ContainsAnyExcept(_nameCharacters) && IsValue(value)
        && !IsOfTheHop(name) && (name != "te" || value.Equals("trailers", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a value may be one.</summary>
    public static bool IsValue(string value) =>
        !value.AsSpan().ContainsAny(_never)
        && (value.Length == 0 || (value[0] is not (' ' or '\t') && value[^1] is not (' ' or '\t')));

    /// <summary>Whether a field is about one connection of HTTP/1.1, and has no place in HTTP/2.</summary>
    public static bool IsOfTheHop(string name) =>
        name is "connection" or "transfer-encoding" or "upgrade" or "keep-alive" or "proxy-connection";
}
