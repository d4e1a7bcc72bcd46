using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>TLS that a client uses towards a host.</summary>
public enum ClientTlsMode
{
    /// <summary>None.</summary>
    Disable,

    /// <summary>The server proves who it is.</summary>
    Simple,

    /// <summary>Both sides prove who they are, with the certificates given.</summary>
    Mutual,

    /// <summary>Both sides prove who they are, with the mesh's own certificates.</summary>
    IstioMutual,
}

/// <summary>TLS towards a host.</summary>
public sealed record ClientTls
{
    /// <summary>Which kind.</summary>
    public ClientTlsMode Mode { get; init; }

    /// <summary>File of the client's certificate; empty when none.</summary>
    public string ClientCertificate { get; init; } = "";

    /// <summary>File of the client's private key; empty when none.</summary>
    public string PrivateKey { get; init; } = "";

    /// <summary>File of the roots to trust; empty means those of the system.</summary>
    public string CaCertificates { get; init; } = "";

    /// <summary>File of revoked certificates; empty when none.</summary>
    public string CaCrl { get; init; } = "";

    /// <summary>Secret that holds key, certificate and roots; empty when none.</summary>
    public string CredentialName { get; init; } = "";

    /// <summary>Names of which the server's certificate must hold one; none derives them from the host.</summary>
    public ImmutableArray<string> SubjectAltNames { get; init; } = [];

    /// <summary>Server name sent; empty derives it.</summary>
    public string Sni { get; init; } = "";

    /// <summary>Whether the server's certificate is accepted unseen; null means no.</summary>
    public bool? InsecureSkipVerify { get; init; }
}
