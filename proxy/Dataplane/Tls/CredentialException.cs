namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>A credential cannot be used; the message says why, and holds nothing of it.</summary>
internal sealed class CredentialException(string message) : IOException(message);
