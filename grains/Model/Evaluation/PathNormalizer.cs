using System.Buffers;

namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// Turns the raw request target into the one string that policy, routing and the application all see
/// (the class of CVE-2021-31920 and CVE-2021-39156).
/// </summary>
/// <remarks>
/// Refused, to be answered with 400: a target that does not begin with a slash, a fragment (<c>#</c>), anything outside
/// printable ASCII, and, unless the mode is NONE, <c>%00</c> and a percent sign without two hexadecimal digits (Envoy
/// lets the latter pass; there is no reading of it on which everybody agrees). Escapes that stay keep their case.
/// A lone question mark at the end is dropped. Normalising twice gives what normalising once gives.
/// </remarks>
public static class PathNormalizer
{
    private const int StackLimit = 512;

    private static readonly SearchValues<char> Printable = SearchValues.Create(
        "!\"$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    // A path made of these alone, without "/." and "//", is its own normal form.
    private static readonly SearchValues<char> Suspicious = SearchValues.Create("%\\");

    /// <summary>Normalises a target in origin form.</summary>
    /// <param name="rawTarget">Path and query exactly as they came.</param>
    /// <param name="mode">How far to go.</param>
    /// <param name="target">The result.</param>
    /// <returns>False when the target must be refused.</returns>
    public static bool TryNormalize(ReadOnlySpan<char> rawTarget, PathNormalizationMode mode, out RequestTarget target)
    {
        target = default;
        if (rawTarget.IsEmpty || rawTarget[0] != '/' || rawTarget.ContainsAnyExcept(Printable)) return false;
        var question = rawTarget.IndexOf('?');
        var path = question < 0 ? rawTarget : rawTarget[..question];
        var query = question < 0 || question == rawTarget.Length - 1 ? "" : rawTarget[(question + 1)..].ToString();
        if (mode is PathNormalizationMode.None || IsNormal(path, mode))
        {
            target = new RequestTarget(path.ToString(), query);
            return true;
        }

        var rented = path.Length > StackLimit ? ArrayPool<char>.Shared.Rent(path.Length) : null;
        var buffer = rented ?? stackalloc char[StackLimit];
        var length = Decode(path, buffer, mode);
        if (length >= 0) target = new RequestTarget(Resolve(buffer[..length], mode), query);
        if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        return length >= 0;
    }

    private static bool IsNormal(ReadOnlySpan<char> path, PathNormalizationMode mode) =>
        !path.ContainsAny(Suspicious)
        && path.IndexOf("/.") < 0
        && (mode is PathNormalizationMode.Base || path.IndexOf("//") < 0);

    // Gives the length of what was written, or -1 when the path must be refused.
    private static int Decode(ReadOnlySpan<char> path, Span<char> output, PathNormalizationMode mode)
    {
        var written = 0;
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] != '%')
            {
                output[written++] = path[i] == '\\' ? '/' : path[i];
                continue;
            }

            if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
            {
                return -1;
            }

            var value = (char)((Hex(path[i + 1]) << 4) | Hex(path[i + 2]));
            if (value == '\0') return -1;
            if (IsUnreserved(value))
            {
                output[written++] = value;
            }
            else if (mode is PathNormalizationMode.DecodeAndMergeSlashes && value is '/' or '\\')
            {
                output[written++] = '/';
            }
            else
            {
                path.Slice(i, 3).CopyTo(output[written..]);
                written += 3;
            }

            i += 2;
        }

        return written;
    }

    // RFC 3986, 5.2.4, in place; reading never falls behind writing.
    private static string Resolve(Span<char> path, PathNormalizationMode mode)
    {
        var merge = mode is not PathNormalizationMode.Base;
        var written = 0;
        var position = 0;
        while (position < path.Length)
        {
            var end = path[(position + 1)..].IndexOf('/');
            var next = end < 0 ? path.Length : position + 1 + end;
            var segment = path[(position + 1)..next];
            var last = next == path.Length;
            if (segment is "." or "..")
            {
                if (segment.Length == 2) written = Math.Max(0, path[..written].LastIndexOf('/'));
                if (last) path[written++] = '/';
            }
            else if (!merge || last || segment.Length > 0)
            {
                path[position..next].CopyTo(path[written..]);
                written += next - position;
            }

            position = next;
        }

        return written == 0 ? "/" : path[..written].ToString();
    }

    private static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    private static int Hex(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}
