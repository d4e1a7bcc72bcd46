using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Issuers;

/// <summary>
/// Which addresses the control plane may connect to for the keys of an issuer. Whoever may write a policy must not make
/// it call what only it can reach: its own machine, its network, the metadata service of a cloud.
/// </summary>
/// <remarks>
/// Source: the IANA registries of special-purpose IPv4 and IPv6 addresses (RFC 6890), and 168.63.129.16, at which a virtual
/// machine in Azure reaches its host.
/// </remarks>
public static class IssuerAddresses
{
    private static readonly ImmutableArray<IPNetwork> _notPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/4", "240.0.0.0/4",
            // of what is unicast at all: Teredo and its neighbours, examples, 6to4 (any IPv4 address hides in it)
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(block => IPNetwork.Parse(block)),
    ];

    private static readonly IPNetwork _unicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether an address belongs to the public Internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = Plain(address);
        if (plain.AddressFamily is AddressFamily.InterNetworkV6 && !_unicast.Contains(plain)) return false;
        foreach (var block in _notPublic)
        {
            if (block.Contains(plain)) return false;
        }

        return true;
    }

    /// <summary>Whether a host may be called at an address.</summary>
    /// <param name="settings">What the mesh allows beyond the public Internet.</param>
    /// <param name="host">The host by the name that the address of the keys has.</param>
    /// <param name="address">The address that would be connected to.</param>
    /// <param name="isOwn">Whether an address, IPv4 as such, is one of this machine: that is not the Internet.</param>
    public static bool Allows(
        IssuerKeySettings settings, string host, IPAddress address, Func<IPAddress, bool> isOwn)
    {
        if (IsPublic(address) && !isOwn(Plain(address))) return true;
        foreach (var allowed in settings.AllowedHosts)
        {
            if (Allows(allowed, host, Plain(address))) return true;
        }

        return false;
    }

    /// <summary>Whether a text can stand in <see cref="IssuerKeySettings.AllowedHosts"/>.</summary>
    public static bool IsRule(string text)
    {
        if (text.Contains('/')) return IPNetwork.TryParse(text, out _);
        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        return IPAddress.TryParse(text, out _) || Uri.CheckHostName(name) is UriHostNameType.Dns;
    }

    private static bool Allows(string allowed, string host, IPAddress address)
    {
        if (allowed.Contains('/')) return IPNetwork.TryParse(allowed, out var block) && block.Contains(address);
        if (IPAddress.TryParse(allowed, out var one)) return Plain(one).Equals(address);
        var name = host.TrimEnd('.');
        return allowed.StartsWith("*.", StringComparison.Ordinal)
            ? name.EndsWith(allowed[1..], StringComparison.OrdinalIgnoreCase)
            : name.Equals(allowed.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
