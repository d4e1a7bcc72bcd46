using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// Literal addresses as numbers: those of IPv4 are the IPv6 addresses that stand for them. Reading makes no object, as it
/// happens to the authority of requests.
/// </summary>
/// <remarks>
/// Source: RFC 3986 section 3.2.2. Four decimal numbers, or an IPv6 address in brackets; no zone, and none of the other
/// ways in which systems read four bytes.
/// </remarks>
internal static class AddressNumber
{
    /// <summary>The bits of an address.</summary>
    public const int Bits = 128;

    private const int Groups = 8;
    private static readonly UInt128 Mapped = (UInt128)0xffff << 32; // ::ffff:0:0/96, RFC 4291 section 2.5.5.2

    /// <summary>Reads a host without port, from untrusted text.</summary>
    /// <returns>False when it is no literal address.</returns>
    public static bool TryRead(ReadOnlySpan<char> host, out UInt128 number)
    {
        if (host is ['[', .. var inner, ']']) return TryReadV6(inner, out number);
        var isAddress = TryReadV4(host, out var four);
        number = Mapped | four;
        return isAddress;
    }

    /// <summary>The number of a network's first address, and how many bits of it count.</summary>
    public static (UInt128 Prefix, int Length) Of(IPNetwork network)
    {
        Span<byte> bytes = stackalloc byte[Bits / 8];
        network.BaseAddress.MapToIPv6().TryWriteBytes(bytes, out _);
        var isV4 = network.BaseAddress.AddressFamily is AddressFamily.InterNetwork;
        return (BinaryPrimitives.ReadUInt128BigEndian(bytes), network.PrefixLength + (isV4 ? 96 : 0));
    }

    /// <summary>The first so many bits of a number, the others 0.</summary>
    public static UInt128 Prefix(UInt128 number, int length) =>
        length == 0 ? 0 : number & (UInt128.MaxValue << (Bits - length));

    private static bool TryReadV4(ReadOnlySpan<char> text, out uint number)
    {
        number = 0;
        for (var i = 0; i < 4; i++)
        {
            var dot = text.IndexOf('.');
            if (dot < 0 != (i == 3)) return false;
            var part = dot < 0 ? text : text[..dot];
            if (part.Length > 1 && part[0] == '0') return false; // some would read it as octal
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return false;
            number = (number << 8) | value;
            text = text[(dot + 1)..];
        }

        return true;
    }

    private static bool TryReadV6(ReadOnlySpan<char> text, out UInt128 number)
    {
        number = 0;
        var (count, gap) = (0, -1);
        if (text.StartsWith("::"))
        {
            gap = 0;
            text = text[2..];
        }

        while (!text.IsEmpty)
        {
            var colon = text.IndexOf(':');
            var part = colon < 0 ? text : text[..colon];
            if (colon < 0 && part.Contains('.'))
            {
                if (!TryReadV4(part, out var four)) return false;
                (number, count) = ((number << 32) | four, count + 2);
                break;
            }

            if (part.Length is 0 or > 4) return false;
            if (!ushort.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            if (++count > Groups) return false;
            number = (number << 16) | value;
            if (colon < 0) break;
            text = text[(colon + 1)..];
            if (text.IsEmpty) return false;
            if (text[0] != ':') continue;
            if (gap >= 0) return false;
            gap = count;
            text = text[1..];
        }

        if (gap < 0) return count == Groups;
        if (count >= Groups) return false;
        var behind = 16 * (count - gap);
        var front = Prefix(number << (Bits - (16 * count)), 16 * gap);
        number = count == 0 ? 0 : front | (behind == 0 ? 0 : number & (UInt128.MaxValue >> (Bits - behind)));
        return true;
    }
}
