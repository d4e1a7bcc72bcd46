using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Writes the header with which a connection of the PROXY protocol begins.</summary>
/// <remarks>Source: the protocol's specification, sections 2.1 and 2.2.</remarks>
internal static class ProxyHeader
{
    private const byte Local = 0x20;
    private const byte Proxied = 0x21;
    private const byte Tcp4 = 0x11;
    private const byte Tcp6 = 0x21;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="version">The form; not none.</param>
    /// <param name="source">
    /// Who calls; null when the connection carries the calls of several, or the proxy's own: the server then takes the
    /// connection for what it is.
    /// </param>
    /// <param name="destination">Whom it has called.</param>
    public static byte[] Of(ProxyHeaderVersion version, IPEndPoint? source, IPEndPoint? destination)
    {
        var isKnown = source is not null && destination is not null;
        var (from, to) = isKnown ? Alike(source!, destination!) : (null, null);
        return version is ProxyHeaderVersion.V1 ? Text(from, to) : Binary(from, to);
    }

    private static byte[] Text(IPEndPoint? from, IPEndPoint? to)
    {
        if (from is null || to is null || from.Address.IsIPv4MappedToIPv6 || to.Address.IsIPv4MappedToIPv6)
        {
            return "PROXY UNKNOWN\r\n"u8.ToArray(); // the text form has no word for two families
        }

        var family = from.AddressFamily is AddressFamily.InterNetwork ? "TCP4" : "TCP6";
        return Encoding.ASCII.GetBytes($"PROXY {family} {from.Address} {to.Address} {from.Port} {to.Port}\r\n");
    }

    private static byte[] Binary(IPEndPoint? from, IPEndPoint? to)
    {
        if (from is null || to is null) return [.. Signature, Local, 0, 0, 0];
        var family = from.AddressFamily is AddressFamily.InterNetwork ? Tcp4 : Tcp6;
        byte[] addresses = [.. from.Address.GetAddressBytes(), .. to.Address.GetAddressBytes()];
        var header = new byte[Signature.Length + 4 + addresses.Length + 4];
        Signature.CopyTo(header);
        var rest = header.AsSpan(Signature.Length);
        (rest[0], rest[1]) = (Proxied, family);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)(addresses.Length + 4));
        addresses.CopyTo(rest[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(rest[^4..], (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(rest[^2..], (ushort)to.Port);
        return header;
    }

    // Both addresses are of one family: where they are not, in the larger.
    private static (IPEndPoint From, IPEndPoint To) Alike(IPEndPoint from, IPEndPoint to)
    {
        var (one, other) = (Plain(from.Address), Plain(to.Address));
        if (one.AddressFamily != other.AddressFamily) (one, other) = (one.MapToIPv6(), other.MapToIPv6());
        return (new IPEndPoint(one, from.Port), new IPEndPoint(other, to.Port));
    }

    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes()); // without a scope
}
