using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// How Kestrel reads the bytes of a header: of those that it makes its own sense of, before anybody else sees them, this is
/// the one place where it can be told otherwise.
/// </summary>
internal abstract class HeaderEncoding : Encoding
{
    /// <summary>The one for a header; all others go through as they came.</summary>
    public static Encoding Of(string name) => name switch
    {
        "Content-Length" => LengthEncoding.Instance,
        "Connection" => ConnectionEncoding.Instance,
        _ => Latin1,
    };

    public sealed override int GetByteCount(char[] chars, int index, int count) => count;

    public sealed override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public sealed override int GetMaxByteCount(int charCount) => charCount;

    public abstract override int GetCharCount(ReadOnlySpan<byte> bytes);

    public sealed override int GetCharCount(byte[] bytes, int index, int count) =>
        GetCharCount(bytes.AsSpan(index, count));

    public sealed override unsafe int GetCharCount(byte* bytes, int count) =>
        GetCharCount(new ReadOnlySpan<byte>(bytes, count));

    public abstract override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars);

    public sealed override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    public sealed override unsafe int GetChars(byte* bytes, int byteCount, char* chars, int charCount) =>
        GetChars(new ReadOnlySpan<byte>(bytes, byteCount), new Span<char>(chars, charCount));
}
