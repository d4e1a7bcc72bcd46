using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Xds.Protocol;

/// <summary>Addresses that clients tell.</summary>
public static class IpLiteral
{
    /// <summary>An address as it is usually written; null when the text is none, or one of a single machine's link.</summary>
    public static string? Of(string? text) =>
        IPAddress.TryParse(text, out var address)
        && (address.AddressFamily is AddressFamily.InterNetwork || address.ScopeId == 0)
            ? address.ToString()
            : null;
}
