using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>How access logs are written.</summary>
public enum AccessLogEncoding
{
    /// <summary>As lines of text.</summary>
    Text,

    /// <summary>As one JSON object a line.</summary>
    Json,
}

/// <summary>How request paths are normalised before anything looks at them.</summary>
public enum PathNormalization
{
    /// <summary>As the default: <see cref="Base"/>.</summary>
    Default,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>RFC 3986: percent-encoding of unreserved characters and dot segments are resolved.</summary>
    Base,

    /// <summary>As <see cref="Base"/>, and runs of slashes become one.</summary>
    MergeSlashes,

    /// <summary>As <see cref="MergeSlashes"/>, after decoding encoded slashes.</summary>
    DecodeAndMergeSlashes,
}

/// <summary>What becomes of configuration by which callers would be refused that were seen in plaintext.</summary>
public enum StrictGuard
{
    /// <summary>It is accepted, with a warning that names them.</summary>
    Warn,

    /// <summary>It is refused.</summary>
    Refuse,
}

/// <summary>
/// Settings of the whole mesh (mesh.orleans.io/v1): the one named <c>default</c> in the root namespace holds. Null
/// means the built-in default.
/// </summary>
public sealed record MeshConfig : ConfigSpec
{
    /// <summary>Nothing is set.</summary>
    public static MeshConfig Default { get; } = new();

    /// <summary>The one that counts.</summary>
    public static ConfigKey Key { get; } = new(nameof(MeshConfig), "istio-system", "default");

    /// <summary>
    /// What the mesh's trust domain is called in policies; null means as the authority calls it. Identities are of the domain for
    /// which the authority signs (<c>--trust-domain</c>), and that counts beside this one.
    /// </summary>
    public string? TrustDomain { get; init; }

    /// <summary>Further trust domains that are accepted as one's own.</summary>
    public ImmutableArray<string> TrustDomainAliases { get; init; } = [];

    /// <summary>The namespace of mesh-wide policies; null means <c>istio-system</c>.</summary>
    public string? RootNamespace { get; init; }

    /// <summary>What happens to traffic to unknown hosts; null lets it through.</summary>
    public OutboundTrafficMode? OutboundTrafficPolicy { get; init; }

    /// <summary>Retries of routes that say nothing of them; null means 2 attempts on Istio's conditions.</summary>
    public HttpRetry? DefaultHttpRetryPolicy { get; init; }

    /// <summary>
    /// How much of a request's body is remembered, in bytes, to be sent again or mirrored; longer ones are sent once
    /// and not mirrored. From 0 to 16 MiB; null means 64 KiB.
    /// </summary>
    public int? RequestBufferLimitBytes { get; init; }

    /// <summary>Whether mesh mTLS is used wherever the endpoint can; null means yes.</summary>
    public bool? EnableAutoMtls { get; init; }

    /// <summary>Where access logs go; null or empty switches them off.</summary>
    public string? AccessLogFile { get; init; }

    /// <summary>How access logs are written; null means text.</summary>
    public AccessLogEncoding? AccessLogEncoding { get; init; }

    /// <summary>Bound of connecting; null means 10 s.</summary>
    public TimeSpan? ConnectTimeout { get; init; }

    /// <summary>How request paths are normalised.</summary>
    public PathNormalization PathNormalization { get; init; }

    /// <summary>Choice by distance; null means on, without further rules.</summary>
    public LocalityLoadBalancer? LocalityLbSetting { get; init; }

    /// <summary>
    /// Whether sidecars start with the hosts that their workload has called before and get others at the first request;
    /// null means no: they get the whole mesh. A Sidecar resource with egress hosts counts instead of it.
    /// </summary>
    public bool? AutoScope { get; init; }

    /// <summary>
    /// How many proxies in front of the mesh's gateways are trusted to say in <c>x-forwarded-for</c> whose request they
    /// pass on (<c>defaultConfig.gatewayTopology.numTrustedProxies</c>). From 0 to 32; null means none: whoever connects
    /// to a gateway is the client.
    /// </summary>
    public int? NumTrustedProxies { get; init; }

    /// <summary>Whom policies of the action CUSTOM may name.</summary>
    public ImmutableArray<ExtensionProvider> ExtensionProviders { get; init; } = [];

    /// <summary>
    /// What becomes of configuration that turns workload ports to STRICT on which plaintext callers were seen; null means
    /// <see cref="Config.StrictGuard.Warn"/>.
    /// </summary>
    public StrictGuard? StrictGuard { get; init; }

    /// <summary>How the keys of issuers are fetched; null means the defaults.</summary>
    public IssuerKeySettings? IssuerKeys { get; init; }
}
