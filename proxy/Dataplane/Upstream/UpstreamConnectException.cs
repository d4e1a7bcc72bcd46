namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>A connection to an upstream could not be made; nothing of any request was sent.</summary>
internal class UpstreamConnectException(string reason, Exception? inner = null) : IOException(reason, inner);

/// <summary>
/// This proxy lacks what its own side of a handshake needs, so the failure says nothing about the upstream.
/// </summary>
internal sealed class OwnCredentialException(string reason, Exception? inner = null)
    : UpstreamConnectException(reason, inner);
