using System.Collections.Immutable;
using System.Security.Authentication;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Whether clients must show a certificate.</summary>
public enum ClientCertificateDemand
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They may; what they show must be good.</summary>
    Optional,

    /// <summary>They must.</summary>
    Required,
}

/// <summary>How an edge listener ends TLS.</summary>
public sealed record EdgeTlsModel
{
    /// <summary>Changes when anything below does: connections made before are retired then.</summary>
    public required string Key { get; init; }

    /// <summary>The mesh's own mTLS: the gateway's certificate, and peers that its bundles vouch for.</summary>
    public bool IsMesh { get; init; }

    /// <summary>Where the certificate is found, the first that there is; none with <see cref="IsMesh"/>.</summary>
    public ImmutableArray<EdgeCertificateName> Certificates { get; init; } = [];

    /// <summary>By what clients are checked; null when they are not asked, and with <see cref="IsMesh"/>.</summary>
    public EdgeRootsName? Roots { get; init; }

    /// <summary>Whether clients must show a certificate.</summary>
    public ClientCertificateDemand Demand { get; init; }

    /// <summary>DNS names and URIs of which a client's certificate must hold one; none for any.</summary>
    public ImmutableArray<string> AllowedNames { get; init; } = [];

    /// <summary>Base64 SHA-256 of the public keys that are accepted; none for any.</summary>
    public ImmutableArray<string> AllowedKeys { get; init; } = [];

    /// <summary>
    /// Hex SHA-256 of the certificates that are accepted, in lower case without colons; none for any.
    /// </summary>
    public ImmutableArray<string> AllowedHashes { get; init; } = [];

    /// <summary>The versions that are spoken.</summary>
    /// <value>TLS 1.2 and 1.3 by default.</value>
    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>HTTP is behind it, so that HTTP/2 and HTTP/1.1 are agreed to.</summary>
    public bool IsHttp { get; init; }
}

/// <summary>Names a certificate with its key: a credential, or two files.</summary>
/// <param name="Credential">The credential's name; empty for files.</param>
/// <param name="ChainFile">The certificate and what leads to its root.</param>
/// <param name="KeyFile">The key.</param>
public sealed record EdgeCertificateName(string Credential, string ChainFile = "", string KeyFile = "")
{
    /// <inheritdoc/>
    public override string ToString() => Credential.Length > 0 ? Credential : ChainFile;
}

/// <summary>Names what clients are checked by: a credential or a file, and perhaps a file of what is revoked.</summary>
/// <param name="Credential">The credential's name; empty for a file.</param>
/// <param name="File">The roots.</param>
/// <param name="RevokedFile">What they have revoked; empty for nothing.</param>
public sealed record EdgeRootsName(string Credential, string File = "", string RevokedFile = "")
{
    /// <inheritdoc/>
    public override string ToString() => Credential.Length > 0 ? Credential : File;
}
