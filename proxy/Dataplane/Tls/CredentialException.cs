namespace MeshOrleans.Proxy.Sidecar.Edge;

/// <summary>A credential cannot be used; the message says why, and holds nothing of it.</summary>
internal sealed class CredentialException(string message) : Exception(message);
