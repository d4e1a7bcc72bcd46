using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Ports that gateway proxies open at the edge of the mesh (networking.istio.io).</summary>
public sealed record Gateway : ConfigSpec
{
    /// <summary>What is opened.</summary>
    public ImmutableArray<GatewayServer> Servers { get; init; } = [];

    /// <summary>Labels of the gateway workloads, in all namespaces.</summary>
    public ImmutableSortedDictionary<string, string> Selector { get; init; } = EmptyMap.Text;

    /// <summary>The only namespace of those workloads; empty for one that was written, which means all namespaces.</summary>
    public string WorkloadNamespace { get; init; } = "";
}

/// <summary>One open port of a gateway.</summary>
public sealed record GatewayServer
{
    /// <summary>The port; null when the manifest named none.</summary>
    public NamedPort? Port { get; init; }

    /// <summary>The address to bind; empty means all.</summary>
    public string Bind { get; init; } = "";

    /// <summary>Hosts served, as <c>[namespace/]dnsName</c>.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>TLS of the port.</summary>
    public ServerTls? Tls { get; init; }

    /// <summary>Not used by any data plane; may be empty.</summary>
    public string DefaultEndpoint { get; init; } = "";

    /// <summary>Its name; may be empty.</summary>
    public string Name { get; init; } = "";
}

/// <summary>A port with name and protocol, as Gateway, Sidecar and ServiceEntry write it.</summary>
/// <param name="Number">1 to 65535; 0 when the manifest named none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Protocol">HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, TCP, TLS and the like; empty when none.</param>
/// <param name="TargetPort">The workload port behind it; null means the same.</param>
public sealed record NamedPort(int Number, string Name, string Protocol, int? TargetPort);

/// <summary>TLS that a server demands.</summary>
public enum ServerTlsMode
{
    /// <summary>Forwarded by SNI without terminating.</summary>
    Passthrough,

    /// <summary>The server proves who it is.</summary>
    Simple,

    /// <summary>Both sides prove who they are.</summary>
    Mutual,

    /// <summary>Forwarded by an SNI that names the cluster.</summary>
    AutoPassthrough,

    /// <summary>Both sides prove who they are, with the mesh's own certificates.</summary>
    IstioMutual,

    /// <summary>The client may prove who it is.</summary>
    OptionalMutual,
}

/// <summary>TLS of an open port.</summary>
public sealed record ServerTls
{
    /// <summary>Whether plaintext requests are redirected to https.</summary>
    public bool HttpsRedirect { get; init; }

    /// <summary>Which kind; null when none is named.</summary>
    public ServerTlsMode? Mode { get; init; }

    /// <summary>Which kind counts: PASSTHROUGH unless named. Source: Istio, ServerTLSSettings.TLSmode, whose first it is.</summary>
    public ServerTlsMode EffectiveMode => Mode ?? ServerTlsMode.Passthrough;

    /// <summary>File of the certificate; empty when none.</summary>
    public string ServerCertificate { get; init; } = "";

    /// <summary>File of the private key; empty when none.</summary>
    public string PrivateKey { get; init; } = "";

    /// <summary>File of the roots that clients' certificates must come from; empty when none.</summary>
    public string CaCertificates { get; init; } = "";

    /// <summary>File of revoked certificates; empty when none.</summary>
    public string CaCrl { get; init; } = "";

    /// <summary>Secret that holds key and certificate; empty when none.</summary>
    public string CredentialName { get; init; } = "";

    /// <summary>Several secrets, e.g. one RSA and one ECDSA.</summary>
    public ImmutableArray<string> CredentialNames { get; init; } = [];

    /// <summary>Secret that holds the clients' roots; empty when none.</summary>
    public string CaCertCredentialName { get; init; } = "";

    /// <summary>Several pairs of certificate and key files.</summary>
    public ImmutableArray<TlsCertificateFiles> TlsCertificates { get; init; } = [];

    /// <summary>Names of which a client's certificate must hold one.</summary>
    public ImmutableArray<string> SubjectAltNames { get; init; } = [];

    /// <summary>Base64 SHA-256 of client keys that are accepted.</summary>
    public ImmutableArray<string> VerifyCertificateSpki { get; init; } = [];

    /// <summary>Hex SHA-256 of client certificates that are accepted.</summary>
    public ImmutableArray<string> VerifyCertificateHash { get; init; } = [];

    /// <summary>Least version, <c>TLS_AUTO</c> or <c>TLSV1_0</c> to <c>TLSV1_3</c>; empty means TLS 1.2.</summary>
    public string MinProtocolVersion { get; init; } = "";

    /// <summary>Greatest version; empty means TLS 1.3.</summary>
    public string MaxProtocolVersion { get; init; } = "";

    /// <summary>Cipher suites by OpenSSL name; none means the default.</summary>
    public ImmutableArray<string> CipherSuites { get; init; } = [];
}

/// <summary>A pair of files.</summary>
/// <param name="ServerCertificate">The certificate.</param>
/// <param name="PrivateKey">Its key.</param>
/// <param name="CaCertificates">Roots of the clients; empty when none.</param>
public sealed record TlsCertificateFiles(string ServerCertificate, string PrivateKey, string CaCertificates);
