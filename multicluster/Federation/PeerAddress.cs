using System.Net;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>Where another mesh's TLS port may be said to answer: <c>host:port</c> and nothing more.</summary>
public static class PeerAddress
{
    /// <summary>False for anything with a path, a query or a user, and where the metadata services of clouds are.</summary>
    public static bool IsValid(string text) =>
        Uri.TryCreate($"https://{text}", UriKind.Absolute, out var uri)
        && uri.PathAndQuery == "/" && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
        && text.LastIndexOf(':') > 0 && uri.Port > 0
        && !(IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && MetadataServices.MayBeAt(address));
}
