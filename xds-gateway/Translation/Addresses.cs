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
}
