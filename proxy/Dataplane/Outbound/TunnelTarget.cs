using System.Net;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>Where a connection of the application is meant to go. Hangs in the features of a tunnel.</summary>
/// <param name="Host">A name in lower case, or a literal address in its one spelling, without brackets.</param>
/// <param name="Port">A port, from 1 to 65535.</param>
/// <param name="Address">The same as <paramref name="Host"/> where that is a literal; else null.</param>
internal sealed record TunnelTarget(string Host, int Port, IPAddress? Address)
{
    private const int LongestName = 253; // RFC 1035 section 2.3.4

    /// <summary>The target as an authority writes it.</summary>
    public string Authority => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>The target of a connection whose address is known.</summary>
    public static TunnelTarget Of(IPEndPoint endpoint)
    {
        var address = endpoint.Address.IsIPv4MappedToIPv6 ? endpoint.Address.MapToIPv4() : endpoint.Address;
        return new TunnelTarget(address.ToString(), endpoint.Port, address);
    }

    /// <summary>Reads an authority that must name its port (RFC 9110 section 9.3.6).</summary>
    /// <returns>Null when it is none.</returns>
    public static TunnelTarget? Read(string authority)
    {
        if (HostName.Port(authority) is not { } port) return null;
        var normal = HostName.Normalize(authority);
        var name = HostName.WithoutPort(normal).ToString();
        var isBracketed = name.StartsWith('[');
        var bare = isBracketed && name.EndsWith(']') ? name[1..^1] : name;
        if (isBracketed != bare.Contains(':') || bare.Contains('%')) return null;
        if (IPAddress.TryParse(bare, out var address))
        {
            return Of(new IPEndPoint(address, port));
        }

        return !isBracketed && IsName(bare) ? new TunnelTarget(bare, port, null) : null;
    }

    private static bool IsName(string name)
    {
        if (name.Length is 0 or > LongestName || name[0] == '.' || name.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')) return false;
        }

        return true;
    }
}
