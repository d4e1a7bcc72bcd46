using System.Buffers;
using System.Buffers.Text;

namespace MeshOrleans.Model.Tokens;

/// <summary>base64url as JOSE writes it: no padding, no white space, and one spelling only of any bytes.</summary>
/// <remarks>Source: RFC 7515 section 2. Unused bits must be zero, else a changed text could be the same signature.</remarks>
internal static class Base64UrlText
{
    private const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly SearchValues<char> Alphabet = SearchValues.Create(Digits);

    /// <summary>The bytes; null when the text is not the one spelling of any.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        var unused = (text.Length % 4) switch
        {
            0 => 0,
            2 => 0b1111,
            3 => 0b11,
            _ => -1,
        };
        if (unused < 0 || text.ContainsAnyExcept(Alphabet)) return null;
        if (unused > 0 && (Digits.IndexOf(text[^1], StringComparison.Ordinal) & unused) != 0) return null;
        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.TryDecodeFromChars(text, bytes, out var length) ? bytes[..length] : null;
    }
}
