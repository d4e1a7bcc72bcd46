using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>Asks the system where a connection was meant to go that was redirected to this proxy.</summary>
/// <remarks>Source: Linux, netfilter, <c>SO_ORIGINAL_DST</c> and <c>IP6T_SO_ORIGINAL_DST</c>.</remarks>
internal static partial class OriginalDestination
{
    private const int LevelIp = 0; // SOL_IP
    private const int LevelIpV6 = 41; // SOL_IPV6
    private const int Option = 80;
    private const int LongestAddress = 28; // sockaddr_in6

    /// <summary>
    /// The address that the client has dialled; null when it was not redirected. A connection to the very port of this
    /// proxy is none that was, whatever was done to its address.
    /// </summary>
    public static IPEndPoint? Of(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux()) return null;
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return null;
        if (connection.LocalEndPoint is not IPEndPoint local) return null;
        Span<byte> raw = stackalloc byte[LongestAddress];
        var isV4 = local.AddressFamily is AddressFamily.InterNetwork || local.Address.IsIPv4MappedToIPv6;
        var length = Ask(socket, isV4 ? LevelIp : LevelIpV6, raw);
        return Read(raw[..length]) is { } meant && meant.Port != local.Port ? meant : null;
    }

    /// <summary>Reads a socket address as Linux writes it; null when it is none of IP.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> raw)
    {
        if (raw.Length < 8) return null;
        var port = BinaryPrimitives.ReadUInt16BigEndian(raw[2..]);
        return MemoryMarshal.Read<ushort>(raw) switch
        {
            2 => new IPEndPoint(new IPAddress(raw.Slice(4, 4)), port), // AF_INET
            10 when raw.Length >= 24 => new IPEndPoint(new IPAddress(raw.Slice(8, 16)), port), // AF_INET6
            _ => null,
        };
    }

    // Most connections were not redirected: that must not cost an exception.
    private static int Ask(Socket socket, int level, Span<byte> raw)
    {
        var length = raw.Length;
        return GetSocketOption(socket.SafeHandle, level, Option, raw, ref length) == 0 ? length : 0;
    }

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetSocketOption(SafeHandle socket, int level, int option, Span<byte> value, ref int length);
}
