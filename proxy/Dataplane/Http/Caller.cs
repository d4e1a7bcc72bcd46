using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Who is at the other end of a connection. Found out once per connection, true for all its requests.
/// </summary>
internal sealed class Caller
{
    /// <summary>The local application, or anybody in plaintext.</summary>
    public static Caller Unknown { get; } = new(null, "");

    public Caller(SpiffeId? id, string serverName) =>
        (Id, PeerId, ServerName) = (id, id?.ToString() ?? "", serverName);

    /// <summary>What the peer has proved; null without mTLS.</summary>
    public SpiffeId? Id { get; }

    /// <summary>The same as text; empty without mTLS.</summary>
    public string PeerId { get; }

    /// <summary>The server name of the handshake; empty without TLS.</summary>
    public string ServerName { get; }

    /// <summary>The value of x-forwarded-client-cert for this connection; empty without mTLS.</summary>
    public string ForwardedClientCertificate { get; init; } = "";

    public bool IsMutualTls => Id is not null;
}
