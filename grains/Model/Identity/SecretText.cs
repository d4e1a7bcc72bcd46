using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace MeshOrleans.Model.Identity;

/// <summary>
/// Text with a private key in it, in memory that is cleared when it has served. A string could not be, and would be
/// copied wherever it is put together.
/// </summary>
/// <remarks>Equal to another one of the same text. A length is no secret.</remarks>
public sealed class SecretText : IDisposable, IEquatable<SecretText>
{
    private const string Pkcs8 = "PRIVATE KEY";

    private readonly char[] _text;

    private SecretText(char[] text) => _text = text;

    /// <summary>No text.</summary>
    public static SecretText Empty { get; } = new([]);

    /// <summary>The text; nothing but zeros once it is cleared.</summary>
    public ReadOnlySpan<char> Span => _text;

    /// <summary>Its length in characters, also once it is cleared.</summary>
    public int Length => _text.Length;

    /// <summary>Copies a text.</summary>
    public static SecretText Of(ReadOnlySpan<char> text) => new(text.ToArray());

    /// <summary>
    /// Takes a text over, which is nobody else's any more. The array must have been made as long as it is: one that
    /// grows leaves its content behind.
    /// </summary>
    public static SecretText Take(char[] text) => new(text);

    /// <summary>The text of a file, by its mark of an encoding, or as UTF-8. The bytes are cleared.</summary>
    public static SecretText Decode(byte[] content)
    {
        Encoding encoding = content switch
        {
            [0xFF, 0xFE, ..] => Encoding.Unicode,
            [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode,
            _ => Encoding.UTF8,
        };
        var text = content.AsSpan();
        if (text.StartsWith(encoding.Preamble)) text = text[encoding.Preamble.Length..];
        var chars = new char[encoding.GetCharCount(text)];
        encoding.GetChars(text, chars);
        CryptographicOperations.ZeroMemory(content);
        return new SecretText(chars);
    }

    /// <summary>A private key as PEM (PKCS#8), without a new line at its end.</summary>
    /// <exception cref="CryptographicException">It cannot be exported.</exception>
    public static SecretText OfKey(AsymmetricAlgorithm key)
    {
        var der = key.ExportPkcs8PrivateKey();
        try
        {
            var text = new char[PemEncoding.GetEncodedSize(Pkcs8.Length, der.Length)];
            PemEncoding.TryWrite(Pkcs8, der, text, out _);
            return new SecretText(text);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    /// <summary>The text as UTF-8, for whoever writes it down and clears it then.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(_text)];
        Encoding.UTF8.GetBytes(_text, bytes);
        return bytes;
    }

    /// <summary>Clears it.</summary>
    public void Dispose() => Array.Clear(_text);

    /// <inheritdoc/>
    public bool Equals(SecretText? other) => other is not null && CryptographicOperations.FixedTimeEquals(
        MemoryMarshal.AsBytes(Span), MemoryMarshal.AsBytes(other.Span));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SecretText);

    /// <inheritdoc/>
    public override int GetHashCode() => Length;

    /// <summary>Says nothing of the text.</summary>
    public override string ToString() => nameof(SecretText);
}
