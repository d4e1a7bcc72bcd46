namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Content-Length as digits, or as nothing that Kestrel would take. Left alone it takes a sign and blanks, which nothing
/// behind it gets to see, and fails without an answer when there are more digits than it has room for.
/// </summary>
internal sealed class LengthEncoding : HeaderEncoding
{
    private const int MostDigits = 19; // of the longest number of 64 bits
    private const char Wrong = '-';

    public static LengthEncoding Instance { get; } = new();

    public override int GetMaxCharCount(int byteCount) => Math.Max(byteCount, 1);

    public override int GetCharCount(ReadOnlySpan<byte> bytes) => IsNumber(bytes) ? bytes.Length : 1;

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (IsNumber(bytes)) return Latin1.GetChars(bytes, chars);
        chars[0] = Wrong;
        return 1;
    }

    private static bool IsNumber(ReadOnlySpan<byte> bytes) =>
        bytes.Length is > 0 and <= MostDigits && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
