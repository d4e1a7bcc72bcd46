namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads the kinds of mesh.orleans.io.</summary>
internal static class MeshReader
{
    public static MeshConfig MeshConfig(ObjectReader reader) => new()
    {
        TrustDomain = reader.OptionalText("trustDomain"),
        TrustDomainAliases = reader.Texts("trustDomainAliases"),
        RootNamespace = reader.OptionalText("rootNamespace"),
        OutboundTrafficPolicy = reader.Object("outboundTrafficPolicy", inner =>
            new OutboundTrafficPolicy(inner.Choice<OutboundTrafficMode>("mode"), null))?.Mode,
        DefaultHttpRetryPolicy = reader.Object("defaultHttpRetryPolicy", CommonReader.Retry),
        RequestBufferLimitBytes = reader.Integer("requestBufferLimitBytes"),
        EnableAutoMtls = reader.OptionalFlag("enableAutoMtls"),
        AccessLogFile = reader.OptionalText("accessLogFile"),
        AccessLogEncoding = reader.Choice<AccessLogEncoding>("accessLogEncoding"),
        ConnectTimeout = reader.Duration("connectTimeout"),
        PathNormalization = reader.Object("pathNormalization", inner =>
            new Normalization(inner.Choice<PathNormalization>("normalization") ?? default))?.Value ?? default,
        LocalityLbSetting = reader.Object("localityLbSetting", DestinationRuleReader.Locality),
        AutoScope = reader.OptionalFlag("autoScope"),
        StrictGuard = reader.Choice<StrictGuard>("strictGuard"),
        NumTrustedProxies = reader.Object("defaultConfig", proxy => new ProxyDefaults(
            proxy.Object("gatewayTopology", topology => new GatewayTopology(topology.Integer("numTrustedProxies")))))
            ?.Topology?.NumTrustedProxies,
        ExtensionProviders = reader.List("extensionProviders", ExtensionProviderReader.Provider),
        IssuerKeys = reader.Object("issuerKeys", inner => new IssuerKeySettings
        {
            AllowHttp = inner.OptionalFlag("allowHttp"),
            AllowedHosts = inner.Texts("allowedHosts"),
            RefreshInterval = inner.Duration("refreshInterval"),
            MaxAge = inner.Duration("maxAge"),
        }),
    };

    public static ServiceExport ServiceExport(ObjectReader _) => new();

    public static HealthCheck HealthCheck(ObjectReader reader) => new()
    {
        Host = reader.Text("host"),
        Port = reader.Integer("port"),
        Interval = reader.Duration("interval"),
        Timeout = reader.Duration("timeout"),
        UnhealthyThreshold = reader.Integer("unhealthyThreshold"),
        HealthyThreshold = reader.Integer("healthyThreshold"),
        Http = reader.Object("http", http => new HttpHealthCheck(
            http.Text("path"),
            http.Text("host"),
            http.Words(
                "expectedStatuses", "a status from 100 to 599 nor a range like 200-299", StatusRange.TryParse))),
        Tcp = reader.Object("tcp", _ => new TcpHealthCheck()),
        Grpc = reader.Object("grpc", grpc => new GrpcHealthCheck(grpc.Text("service"))),
    };

    public static RateLimit RateLimit(ObjectReader reader) => new()
    {
        Selector = reader.Object("selector", CommonReader.MatchLabels),
        DryRun = reader.Flag("dryRun"),
        Rules = reader.List("rules", rule => new RateLimitRule
        {
            Match = SecurityReader.Rule(rule),
            Requests = rule.Integer("requests"),
            Interval = rule.Duration("interval"),
            Burst = rule.Integer("burst"),
            Keys = rule.List("keys", key => new RateLimitKey(
                key.Text("header"), key.Flag("path"), key.Flag("identity"))),
        }),
    };

    private sealed record ProxyDefaults(GatewayTopology? Topology);

    private sealed record GatewayTopology(int? NumTrustedProxies);

    private sealed record Normalization(PathNormalization Value);
}
