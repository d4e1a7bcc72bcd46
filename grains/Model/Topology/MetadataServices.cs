using System.Net;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// Where the metadata service of a cloud answers, with credentials of the machine that asks: no member of a mesh is there, and
/// whoever may name an address must not have others call it.
/// </summary>
/// <remarks>
/// Source: the clouds' own documents. All link-local addresses (169.254.169.254 of most), fd00:ec2::254 (AWS), fd20:ce::254
/// (Google), 100.100.100.200 (Alibaba), 168.63.129.16 (Azure's wire server), 192.0.0.192 (Oracle, former).
/// </remarks>
public static class MetadataServices
{
    private static readonly IPAddress[] _elsewhere =
    [
        .. new[] { "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192" }.Select(IPAddress.Parse),
    ];

    private static readonly IPNetwork _translated = IPNetwork.Parse("64:ff9b:1::/48"); // RFC 8215: for translators within a network

    /// <summary>Whether an address is link-local or one of those, or stands for such an IPv4 address in IPv6.</summary>
    public static bool MayBeAt(IPAddress address)
    {
        if (_translated.Contains(address)) return true; // where in it the IPv4 address is, its network alone knows
        var plain = Plain(address);
        return plain.IsIPv6LinkLocal || plain.GetAddressBytes() is [169, 254, _, _] || Array.IndexOf(_elsewhere, plain) >= 0;
    }

    // Forms that a network's translators send on to the IPv4 address in them: mapped (RFC 4291 2.5.5.2), compatible (2.5.5.1), translated
    // (RFC 2765 2.1), NAT64 (RFC 6052 2.1) and 6to4 (RFC 3056 2).
    private static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        return address.GetAddressBytes() switch
        {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. { Length: 4 } last] => Of(last),
            [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, .. { Length: 4 } last] => Of(last),
            [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, .. { Length: 4 } last] => Of(last),
            [0x20, 0x02, var a, var b, var c, var d, ..] => Of([a, b, c, d]),
            _ => address,
        };

        // ::1 and :: are no IPv4 addresses
        IPAddress Of(byte[] bytes) => bytes[0] == 0 ? address : new IPAddress(bytes);
    }
}
