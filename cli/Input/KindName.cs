namespace MeshOrleans.Cli.Input;

/// <summary>A configuration kind and everything it is called on a command line, in any case.</summary>
internal sealed record KindName(string Kind, string Plural, string Short = "")
{
    /// <summary>All kinds the control plane understands.</summary>
    public static IReadOnlyList<KindName> All { get; } =
    [
        new("VirtualService", "virtualservices", "vs"),
        new("DestinationRule", "destinationrules", "dr"),
        new("Gateway", "gateways", "gw"),
        new("ServiceEntry", "serviceentries", "se"),
        new("WorkloadEntry", "workloadentries", "we"),
        new("WorkloadGroup", "workloadgroups", "wg"),
        new("Sidecar", "sidecars"),
        new("ProxyConfig", "proxyconfigs"),
        new("PeerAuthentication", "peerauthentications", "pa"),
        new("RequestAuthentication", "requestauthentications", "ra"),
        new("AuthorizationPolicy", "authorizationpolicies", "ap"),
        new("Telemetry", "telemetries"),
        new("Service", "services", "svc"),
        new("Deployment", "deployments", "deploy"),
        new("Namespace", "namespaces", "ns"),
        new("HealthCheck", "healthchecks", "hc"),
        new("Lane", "lanes"),
        new("HTTPRoute", "httproutes"),
        new("GRPCRoute", "grpcroutes"),
        new("TLSRoute", "tlsroutes"),
        new("TCPRoute", "tcproutes"),
        new("KubernetesGateway", "kubernetesgateways", "gtw"),
        new("GatewayClass", "gatewayclasses", "gc"),
        new("ReferenceGrant", "referencegrants", "refgrant"),
        new("MeshConfig", "meshconfigs"),
        new("RateLimit", "ratelimits", "rl"),
        new("ServiceExport", "serviceexports"),
    ];

    /// <summary>The kind that a word means; null when it means none.</summary>
    public static KindName? Find(string word) => All.FirstOrDefault(k => k.IsCalled(word));

    /// <exception cref="CliException">The word means no kind.</exception>
    public static KindName Parse(string word)
    {
        var known = All.Select(k => k.Short.Length > 0 ? $"{k.Kind} ({k.Short})" : k.Kind);
        return Find(word) ?? throw CliException.Usage($"'{word}' is no kind; there are {string.Join(", ", known)}");
    }

    /// <summary>The namespace part of a key of this kind: what belongs to no namespace is its own.</summary>
    public string NamespaceOf(string? ns, string name) => Kind is "Namespace" or "GatewayClass" ? name : ns ?? "default";

    /// <summary>Where the API keeps a resource of this kind.</summary>
    public string PathOf(string ns, string name) =>
        $"/v1/config/{Kind}/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}";

    private bool IsCalled(string word) =>
        word.Equals(Kind, StringComparison.OrdinalIgnoreCase)
        || word.Equals(Plural, StringComparison.OrdinalIgnoreCase)
        || (Short.Length > 0 && word.Equals(Short, StringComparison.OrdinalIgnoreCase));
}
