using MeshOrleans.Model.Config;

namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class HealthCheckRulesTests
{
    [Theory]
    [InlineData("{ host: b, http: {} }")]
    [InlineData("{ host: b.app.svc.cluster.local, port: 80, tcp: {} }")]
    [InlineData("{ host: b, grpc: { service: shop.Cart } }")]
    [InlineData(
        "{ host: b, port: 80, interval: 500ms, timeout: 500ms, unhealthyThreshold: 1, healthyThreshold: 100, "
        + "http: { path: \"/healthz?deep=1\", host: b.example, expectedStatuses: [200, \"204\", 300-399] } }")]
    public void A_check_is_accepted(string spec) => RuleTable.Accepts("HealthCheck", spec);

    [Theory]
    [InlineData("{ http: {} }", "host", "domain name cannot be empty")]
    [InlineData("{ host: \"*.app\", http: {} }", "host", "invalid")]
    [InlineData("{ host: b }", "", "exactly one of http, tcp and grpc must be set")]
    [InlineData("{ host: b, http: {}, tcp: {} }", "", "exactly one of http, tcp and grpc must be set")]
    [InlineData("{ host: b, port: 0, tcp: {} }", "port", "must be in the range 1..65535")]
    [InlineData("{ host: b, interval: 99ms, tcp: {} }", "interval", "interval must be from 100ms to 1h")]
    [InlineData("{ host: b, interval: 2h, tcp: {} }", "interval", "interval must be from 100ms to 1h")]
    [InlineData("{ host: b, timeout: 11s, tcp: {} }", "timeout", "timeout must not be longer than the interval")]
    [InlineData("{ host: b, timeout: 0s, tcp: {} }", "timeout", "duration must be greater than 1ms")]
    [InlineData("{ host: b, unhealthyThreshold: 0, tcp: {} }", "unhealthyThreshold", "from 1 to 100")]
    [InlineData("{ host: b, healthyThreshold: 101, tcp: {} }", "healthyThreshold", "from 1 to 100")]
    [InlineData("{ host: b, http: { path: healthz } }", "http.path", "path must begin with /")]
    [InlineData("{ host: b, http: { path: \"/a b\" } }", "http.path", "visible ASCII")]
    [InlineData("{ host: b, http: { host: \"a:b\" } }", "http.host", "invalid")]
    [InlineData("{ host: b, http: { expectedStatuses: [99] } }", "http.expectedStatuses[0]", "99 is neither a status")]
    [InlineData("{ host: b, http: { expectedStatuses: [200, 300-200] } }", "http.expectedStatuses[1]", "300-200 is neither")]
    [InlineData("{ host: b, http: { expectedStatuses: [200-600] } }", "http.expectedStatuses[0]", "200-600 is neither")]
    [InlineData("{ host: b, http: { expectedStatuses: [{}] } }", "http.expectedStatuses[0]", "an object is neither")]
    [InlineData("{ host: b, grpc: { service: \"a b\" } }", "grpc.service", "visible ASCII")]
    [InlineData("{ host: b, tcp: { port: 80 } }", "tcp.port", "unknown field \"port\"")]
    [InlineData("{ host: b, tcp: {}, exportTo: [\".\"] }", "exportTo", "unknown field \"exportTo\"")]
    public void A_check_that_cannot_be_made_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses("HealthCheck", spec, path, message);

    [Fact]
    public void Statuses_are_numbers_and_ranges()
    {
        var manifest = RuleTable.Read("HealthCheck", "{ host: b, http: { expectedStatuses: [200, \"204\", 300-399] } }");

        var check = Assert.IsType<HealthCheck>(Assert.Single(manifest.Resources).Resource.Spec);
        Assert.Equal([new(200, 200), new(204, 204), new StatusRange(300, 399)], check.Http!.ExpectedStatuses.AsEnumerable());
    }
}
