namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>A connection to an upstream could not be made; nothing of any request was sent.</summary>
internal sealed class UpstreamConnectException(string reason, Exception? inner = null) : IOException(reason, inner);
