namespace MeshOrleans.Model.Config.Reading;

internal static class ConnectionPoolReader
{
    public static ConnectionPool Read(ObjectReader reader) =>
        new(reader.Object("tcp", Tcp), reader.Object("http", Http));

    private static TcpPool Tcp(ObjectReader reader) => new()
    {
        MaxConnections = reader.Integer("maxConnections"),
        ConnectTimeout = reader.Duration("connectTimeout"),
        TcpKeepalive = reader.Object("tcpKeepalive", inner => new TcpKeepalive(
            inner.Unsigned("probes"), inner.Duration("time"), inner.Duration("interval"))),
        MaxConnectionDuration = reader.Duration("maxConnectionDuration"),
        IdleTimeout = reader.Duration("idleTimeout"),
    };

    private static HttpPool Http(ObjectReader reader)
    {
        var http1 = reader.Integer("http1MaxRequests");
        if (http1 is not null)
        {
            reader.Warn(
                "http1MaxRequests",
                "http1MaxRequests is no field of the Istio API: taken as the cap on concurrent HTTP/1.1 requests; write "
                    + "http2MaxRequests, which caps them too",
                Findings.SchemaWarningCode);
        }

        return new HttpPool
        {
            Http1MaxPendingRequests = reader.Integer("http1MaxPendingRequests"),
            Http2MaxRequests = reader.Integer("http2MaxRequests"),
            Http1MaxRequests = http1,
            MaxRequestsPerConnection = reader.Integer("maxRequestsPerConnection"),
            MaxRetries = reader.Integer("maxRetries"),
            IdleTimeout = reader.Duration("idleTimeout"),
            H2UpgradePolicy = reader.Choice<H2UpgradePolicy>("h2UpgradePolicy") ?? default,
            UseClientProtocol = reader.Flag("useClientProtocol"),
            MaxConcurrentStreams = reader.Integer("maxConcurrentStreams"),
            Http2KeepAlive = reader.Object("http2KeepAlive", inner => new Http2KeepAlive(
                inner.Duration("interval"), inner.Duration("timeout"))),
        };
    }
}
