using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>Where another mesh's TLS port may be said to answer: <c>host:port</c> and nothing more.</summary>
public static class PeerAddress
{
    /// <summary>False for anything with a path, a query or a user, and for link-local addresses (metadata services).</summary>
    public static bool IsValid(string text) =>
        Uri.TryCreate($"https://{text}", UriKind.Absolute, out var uri)
        && uri.PathAndQuery == "/" && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
        && text.LastIndexOf(':') > 0 && uri.Port > 0
        && !(IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IsLinkLocal(address));

    private static bool IsLinkLocal(IPAddress address) => address.AddressFamily is AddressFamily.InterNetworkV6
        ? address.IsIPv6LinkLocal
        : address.GetAddressBytes() is [169, 254, ..];
}
