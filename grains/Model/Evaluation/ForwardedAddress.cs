using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Reads the address of the original client out of <c>x-forwarded-for</c>.</summary>
/// <remarks>
/// Source: Envoy, "x-forwarded-for" and <c>xff_num_trusted_hops</c>: the list is counted from its right end, where the
/// nearest proxy has written, and what stands at the place must be an address; nothing else in the list is looked at.
/// Several headers are one list. Beyond Envoy a port after the address is accepted, as some load balancers write it.
/// </remarks>
public static class ForwardedAddress
{
    /// <summary>The header.</summary>
    public const string Header = "x-forwarded-for";

    private const int LongestPort = 5;

    /// <summary>
    /// The address at a place of the list; null when the list is shorter, or there is something else: then the client
    /// is whoever has connected.
    /// </summary>
    /// <param name="values">All values of the header. They are not trusted.</param>
    /// <param name="hops">How many addresses at the right end are passed over; not negative.</param>
    public static IPAddress? Find(HeaderValues values, int hops)
    {
        for (var line = values.Count - 1; line >= 0; line--)
        {
            var rest = values[line].AsSpan();
            if (rest.IsEmpty) continue; // an empty header adds nothing to the list
            while (true)
            {
                var comma = rest.LastIndexOf(',');
                if (hops-- == 0) return TryParse(rest[(comma + 1)..].Trim(" \t"), out var address) ? address : null;
                if (comma < 0) break;
                rest = rest[..comma];
            }
        }

        return null;
    }

    /// <summary>
    /// Reads <c>1.2.3.4</c>, <c>::1</c> and <c>[::1]</c>, the first and the last with or without <c>:port</c>, and
    /// nothing else that the platform would take for an address (<c>1</c>, <c>010.0.0.1</c>, <c>fe80::1%eth0</c>).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IPAddress? address)
    {
        address = null;
        if (text.IsEmpty) return false;
        if (text[0] == '[')
        {
            var end = text.IndexOf(']');
            return end > 0 && IsPort(text[(end + 1)..]) && TryParseV6(text[1..end], out address);
        }

        var colon = text.IndexOf(':');
        if (colon < 0) return TryParseV4(text, out address);
        return text.LastIndexOf(':') == colon && text[..colon].Contains('.')
            ? IsPort(text[colon..]) && TryParseV4(text[..colon], out address)
            : TryParseV6(text, out address);
    }

    private static bool TryParseV4(ReadOnlySpan<char> text, out IPAddress? address)
    {
        address = null;
        Span<byte> bytes = stackalloc byte[4];
        var count = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (count == 4 || part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')) return false;
            if (part.ContainsAnyExceptInRange('0', '9') || !byte.TryParse(part, out bytes[count++])) return false;
        }

        if (count != 4) return false;
        address = new IPAddress(bytes);
        return true;
    }

    private static bool TryParseV6(ReadOnlySpan<char> text, out IPAddress? address)
    {
        address = null;
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c) && c is not (':' or '.')) return false;
        }

        return text.Contains(':')
            && IPAddress.TryParse(text, out address)
            && address.AddressFamily is AddressFamily.InterNetworkV6;
    }

    private static bool IsPort(ReadOnlySpan<char> text) =>
        text.IsEmpty
        || (text[0] == ':'
            && text.Length is > 1 and <= LongestPort + 1
            && !text[1..].ContainsAnyExceptInRange('0', '9')
            && int.Parse(text[1..], System.Globalization.CultureInfo.InvariantCulture) <= ushort.MaxValue);
}
