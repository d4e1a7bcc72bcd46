using MeshOrleans.Xds.Protocol.Core;
using IPAddress = System.Net.IPAddress;

namespace MeshOrleans.Xds.Translation;

/// <summary>Addresses and networks as messages.</summary>
internal static class Addresses
{
    public static Address Of(string address, int port) =>
        new() { SocketAddress = new SocketAddress { Address = address, PortValue = (uint)port } };

    /// <summary>An address or a network (<c>10.0.0.0/8</c>); null when the text is neither.</summary>
    public static CidrRange? Network(string text)
    {
        var slash = text.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address)) return null;
        var bits = address.GetAddressBytes().Length * 8;
        var length = bits;
        if (slash >= 0 && !int.TryParse(text[(slash + 1)..], out length)) return null;
        if (length < 0 || length > bits) return null;
        return new CidrRange { AddressPrefix = address.ToString(), PrefixLen = (uint)length };
    }

    /// <summary>
    /// The one way to write an address or a network (<c>10.0.0.0/8</c>), without the bits that the length leaves out;
    /// the text itself when it is neither.
    /// </summary>
    public static string Canonical(string text)
    {
        if (Network(text) is not { } network) return text;
        var bytes = IPAddress.Parse(network.AddressPrefix).GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var bits = Math.Clamp((int)network.PrefixLen! - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - bits));
        }

        return $"{new IPAddress(bytes)}/{network.PrefixLen}";
    }

    /// <summary>Whether a canonical network is a single address.</summary>
    public static bool IsHost(string canonical) =>
        canonical.EndsWith(canonical.Contains(':') ? "/128" : "/32", StringComparison.Ordinal);

    /// <summary>The address of a canonical network.</summary>
    public static string HostOf(string canonical) => canonical[..canonical.IndexOf('/', StringComparison.Ordinal)];
}
