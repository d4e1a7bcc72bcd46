using System.Buffers;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>What a host and its port may be written like (RFC 3986 section 3.2), as Kestrel has it.</summary>
internal static class Authority
{
    private const int LongestPort = 5;

    private static readonly SearchValues<char> _nameCharacters =
        SearchValues.Create("!$&'()-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private static readonly SearchValues<char> _addressCharacters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>Whether it may be one; an empty one may.</summary>
    public static bool IsRight(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return true;
        if (text[0] == '[')
        {
            var end = text.IndexOf(']');
            return end > 2 && !text[1..end].ContainsAnyExcept(_addressCharacters) && IsPort(text[(end + 1)..]);
        }

        var colon = text.IndexOf(':');
        var name = colon < 0 ? text : text[..colon];
        return !name.IsEmpty && !name.ContainsAnyExcept(_nameCharacters) && (colon < 0 || IsPort(text[colon..]));
    }

    private static bool IsPort(ReadOnlySpan<char> text) => text.IsEmpty
        || (text[0] == ':' && text.Length is > 1 and <= LongestPort + 1 && !text[1..].ContainsAnyExceptInRange('0', '9'));
}
