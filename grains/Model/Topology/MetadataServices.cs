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

    /// <summary>Whether an address is link-local or one of those; in IPv4 also as IPv6 writes it.</summary>
    public static bool MayBeAt(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.IsIPv6LinkLocal || plain.GetAddressBytes() is [169, 254, _, _] || Array.IndexOf(_elsewhere, plain) >= 0;
    }
}
