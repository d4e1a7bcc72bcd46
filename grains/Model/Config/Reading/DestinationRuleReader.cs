namespace MeshOrleans.Model.Config.Reading;

internal static class DestinationRuleReader
{
    public static DestinationRule Read(ObjectReader reader) => new()
    {
        Host = reader.Text("host"),
        TrafficPolicy = reader.Object("trafficPolicy", Policy),
        Subsets = reader.List("subsets", inner => new Subset(
            inner.Text("name"), inner.TextMap("labels"), inner.Object("trafficPolicy", Policy))),
        ExportTo = reader.Texts("exportTo"),
        WorkloadSelector = reader.Object("workloadSelector", CommonReader.MatchLabels),
    };

    public static LocalityLoadBalancer Locality(ObjectReader reader) => new()
    {
        Distribute = reader.List(
            "distribute", inner => new LocalityDistribution(inner.Text("from"), inner.IntegerMap("to"))),
        Failover = reader.List("failover", inner => new LocalityFailover(inner.Text("from"), inner.Text("to"))),
        FailoverPriority = reader.Texts("failoverPriority"),
        Enabled = reader.OptionalFlag("enabled"),
    };

    private static TrafficPolicy Policy(ObjectReader reader) => new()
    {
        LoadBalancer = reader.Object("loadBalancer", LoadBalancer),
        ConnectionPool = reader.Object("connectionPool", ConnectionPoolReader.Read),
        OutlierDetection = reader.Object("outlierDetection", Outlier),
        Tls = reader.Object("tls", TlsReader.Client),
        PortLevelSettings = reader.List("portLevelSettings", PortPolicy),
        Tunnel = reader.Object("tunnel", inner => new TunnelSettings(
            inner.Text("protocol"), inner.Text("targetHost"), inner.Integer("targetPort") ?? 0)),
        ProxyProtocol = reader.Object("proxyProtocol", inner =>
            new ProxyProtocol(inner.Choice<ProxyProtocolVersion>("version") ?? ProxyProtocolVersion.V1))?.Version,
        RetryBudget = reader.Object("retryBudget", inner => new RetryBudget(
            inner.Percent("percent"), inner.Unsigned("minRetryConcurrency"), inner.Duration("budgetInterval"))),
    };

    private static PortTrafficPolicy PortPolicy(ObjectReader reader) => new()
    {
        Port = reader.Object("port", CommonReader.PortSelector),
        LoadBalancer = reader.Object("loadBalancer", LoadBalancer),
        ConnectionPool = reader.Object("connectionPool", ConnectionPoolReader.Read),
        OutlierDetection = reader.Object("outlierDetection", Outlier),
        Tls = reader.Object("tls", TlsReader.Client),
    };

    private static LoadBalancer LoadBalancer(ObjectReader reader) => new()
    {
        Simple = reader.Choice<SimpleLoadBalancer>("simple"),
        ConsistentHash = reader.Object("consistentHash", Hash),
        LocalityLbSetting = reader.Object("localityLbSetting", Locality),
        Warmup = reader.Object("warmup", Warmup) ?? OldWarmup(reader),
    };

    private static Warmup Warmup(ObjectReader reader) =>
        new(reader.Duration("duration"), reader.Number("minimumPercent"), reader.Number("aggression"));

    private static Warmup? OldWarmup(ObjectReader reader)
    {
        if (reader.Duration("warmupDurationSecs") is not { } duration) return null;
        reader.Warn(
            "warmupDurationSecs",
            "warmupDurationSecs is deprecated: use warmup.duration",
            Findings.DeprecatedCode);
        return new Warmup(duration, null, null);
    }

    private static ConsistentHash Hash(ObjectReader reader)
    {
        var ring = reader.Object("ringHash", inner => new Table(inner.Long("minimumRingSize", 0)));
        var maglev = reader.Object("maglev", inner => new Table(inner.Long("tableSize", 0)));
        var old = reader.Long("minimumRingSize", 0);
        if (ring is not null && maglev is not null) reader.Report("", "only one of ringHash and maglev may be set");
        if (maglev is { Size: null }) reader.Report("maglev", "tableSize must be set for maglev");
        if (old is not null)
        {
            reader.Warn(
                "minimumRingSize",
                "minimumRingSize is deprecated: use ringHash.minimumRingSize",
                Findings.DeprecatedCode);
        }

        return new ConsistentHash
        {
            HttpHeaderName = reader.Text("httpHeaderName"),
            HttpCookie = reader.Object("httpCookie", Cookie),
            UseSourceIp = reader.Flag("useSourceIp"),
            HttpQueryParameterName = reader.Text("httpQueryParameterName"),
            MinimumRingSize = ring?.Size ?? old,
            UseMaglev = maglev is not null,
            MaglevTableSize = maglev?.Size,
        };
    }

    private static HttpCookie Cookie(ObjectReader reader) => new(
        reader.Text("name"), reader.Text("path"), reader.Duration("ttl"), reader.NamedValues("attributes"));

    private static OutlierDetection Outlier(ObjectReader reader)
    {
        var current = reader.Unsigned("consecutive5xxErrors");
        var old = reader.Integer("consecutiveErrors");
        if (old is not null)
        {
            reader.Warn(
                "consecutiveErrors",
                "consecutiveErrors is the old name of consecutive5xxErrors: accepted, "
                + "please write consecutive5xxErrors",
                Findings.DeprecatedCode);
        }

        return new OutlierDetection
        {
            Consecutive5xxErrors = current ?? old,
            ConsecutiveGatewayErrors = reader.Unsigned("consecutiveGatewayErrors"),
            SplitExternalLocalOriginErrors = reader.Flag("splitExternalLocalOriginErrors"),
            ConsecutiveLocalOriginFailures = reader.Unsigned("consecutiveLocalOriginFailures"),
            Interval = reader.Duration("interval"),
            BaseEjectionTime = reader.Duration("baseEjectionTime"),
            MaxEjectionPercent = reader.Integer("maxEjectionPercent"),
            MinHealthPercent = reader.Integer("minHealthPercent"),
            HttpErrorCodes = reader.Integers("outlierDetectionHttpErrorCodes"),
        };
    }

    private sealed record ProxyProtocol(ProxyProtocolVersion Version);

    private sealed record Table(long? Size);
}
