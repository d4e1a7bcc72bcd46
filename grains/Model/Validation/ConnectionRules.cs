using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of connection limits, ejection and retry budgets.</summary>
internal static class ConnectionRules
{
    public static void CheckPool(ConnectionPool? pool, FieldPath path, RuleReport report)
    {
        if (pool is null) return;
        if (pool is { Tcp: null, Http: null }) report.Error(path, "connection pool must have at least one field");
        if (pool.Tcp is { } tcp) CheckTcp(tcp, path.At("tcp"), report);
        if (pool.Http is { } http) CheckHttp(http, path.At("http"), report);
    }

    public static void CheckOutlier(OutlierDetection? outlier, FieldPath path, RuleReport report)
    {
        if (outlier is null) return;
        ValueRules.CheckNotNegative(
            outlier.Consecutive5xxErrors, path.At("consecutive5xxErrors"), "consecutive5xxErrors", report);
        ValueRules.CheckNotNegative(
            outlier.ConsecutiveGatewayErrors, path.At("consecutiveGatewayErrors"), "consecutiveGatewayErrors", report);
        ValueRules.CheckNotNegative(
            outlier.ConsecutiveLocalOriginFailures,
            path.At("consecutiveLocalOriginFailures"),
            "consecutiveLocalOriginFailures",
            report);
        ValueRules.CheckDuration(outlier.Interval, path.At("interval"), report);
        ValueRules.CheckDuration(outlier.BaseEjectionTime, path.At("baseEjectionTime"), report);
        ValueRules.CheckPercent(outlier.MaxEjectionPercent, path.At("maxEjectionPercent"), report);
        ValueRules.CheckPercent(outlier.MinHealthPercent, path.At("minHealthPercent"), report);
        if (outlier is { SplitExternalLocalOriginErrors: false, ConsecutiveLocalOriginFailures: > 0 })
        {
            report.Error(
                path.At("consecutiveLocalOriginFailures"),
                "outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false");
        }

        foreach (var (i, code) in outlier.HttpErrorCodes.Index())
        {
            var at = path.At("outlierDetectionHttpErrorCodes").At(i);
            report.ErrorIf(code is < 100 or > 599, at, $"HTTP status {code} is not in range 100-599");
        }
    }

    public static void CheckRetryBudget(RetryBudget? budget, FieldPath path, RuleReport report)
    {
        if (budget is null) return;
        ValueRules.CheckPercent(budget.Percent, path.At("percent"), report);
        ValueRules.CheckNotNegative(
            budget.MinRetryConcurrency,
            path.At("minRetryConcurrency"),
            "minRetryConcurrency",
            report);
        ValueRules.CheckDuration(budget.BudgetInterval, path.At("budgetInterval"), report);
    }

    private static void CheckTcp(TcpPool tcp, FieldPath path, RuleReport report)
    {
        ValueRules.CheckNotNegative(tcp.MaxConnections, path.At("maxConnections"), "max connections", report);
        ValueRules.CheckDuration(tcp.ConnectTimeout, path.At("connectTimeout"), report);
        ValueRules.CheckDuration(tcp.MaxConnectionDuration, path.At("maxConnectionDuration"), report);
        if (tcp.IdleTimeout != TimeSpan.Zero) ValueRules.CheckDuration(tcp.IdleTimeout, path.At("idleTimeout"), report);
        if (tcp.TcpKeepalive is not { } keepalive) return;
        var at = path.At("tcpKeepalive");
        ValueRules.CheckNotNegative(keepalive.Probes, at.At("probes"), "probes", report);
        ValueRules.CheckDuration(keepalive.Time, at.At("time"), report);
        ValueRules.CheckDuration(keepalive.Interval, at.At("interval"), report);
    }

    private static void CheckHttp(HttpPool http, FieldPath path, RuleReport report)
    {
        ValueRules.CheckNotNegative(
            http.Http1MaxPendingRequests,
            path.At("http1MaxPendingRequests"),
            "max pending requests",
            report);
        ValueRules.CheckNotNegative(http.Http2MaxRequests, path.At("http2MaxRequests"), "max requests", report);
        ValueRules.CheckNotNegative(http.Http1MaxRequests, path.At("http1MaxRequests"), "max requests", report);
        ValueRules.CheckNotNegative(
            http.MaxRequestsPerConnection, path.At("maxRequestsPerConnection"), "max requests per connection", report);
        ValueRules.CheckNotNegative(http.MaxRetries, path.At("maxRetries"), "max retries", report);
        ValueRules.CheckNotNegative(
            http.MaxConcurrentStreams,
            path.At("maxConcurrentStreams"),
            "max concurrent streams",
            report);
        if (http.IdleTimeout != TimeSpan.Zero)
        {
            ValueRules.CheckDuration(http.IdleTimeout, path.At("idleTimeout"), report);
        }
        ValueRules.CheckDuration(http.Http2KeepAlive?.Interval, path.At("http2KeepAlive").At("interval"), report);
        ValueRules.CheckDuration(http.Http2KeepAlive?.Timeout, path.At("http2KeepAlive").At("timeout"), report);
        if (http is { H2UpgradePolicy: H2UpgradePolicy.Upgrade, UseClientProtocol: true })
        {
            report.Error(
                path.At("useClientProtocol"),
                "use client protocol must not be true when H2UpgradePolicy is UPGRADE");
        }
    }
}
