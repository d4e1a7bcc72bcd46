using System.Text.Json;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class TelemetryTests
{
    private static readonly string[] Keys =
    [
        "start_time", "method", "path", "protocol", "response_code", "response_flags", "response_code_details",
        "connection_termination_details", "upstream_transport_failure_reason", "bytes_received", "bytes_sent", "duration",
        "upstream_service_time", "x_forwarded_for", "user_agent", "request_id", "authority", "upstream_host", "upstream_cluster",
        "upstream_local_address", "downstream_local_address", "downstream_remote_address", "requested_server_name", "route_name",
    ];

    [Fact]
    public async Task The_access_log_has_Envoys_keys_and_no_forged_lines()
    {
        var file = Path.GetTempFileName();
        await using var backend = await EchoBackend.StartAsync();
        var route = Models.To("c") with { Name = "the route" };
        var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(route), Models.Cluster("c", backend)), configure: o => o.AccessLog = file);

        await proxy.GetAsync("http://b/x?y", ("User-Agent", "a\"}\tb"));
        await proxy.DisposeAsync();

        using var line = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(file)));
        File.Delete(file);
        Assert.Equal(Keys, line.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("/x?y", line.RootElement.GetProperty("path").GetString());
        Assert.Equal("a\"}\tb", line.RootElement.GetProperty("user_agent").GetString());
        Assert.Equal("the route", line.RootElement.GetProperty("route_name").GetString());
        Assert.Equal($"127.0.0.1:{backend.Port}", line.RootElement.GetProperty("upstream_host").GetString());
    }

    [Fact]
    public async Task A_token_in_the_query_is_not_logged()
    {
        var file = Path.GetTempFileName();
        await using var backend = await EchoBackend.StartAsync();
        var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)), configure: o => o.AccessLog = file);

        await proxy.GetAsync("http://b/x?a=1&access_token=secret&b=2");
        await proxy.DisposeAsync();

        using var line = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(file)));
        File.Delete(file);
        Assert.Equal("/x?a=1&access_token=-&b=2", line.RootElement.GetProperty("path").GetString());
        Assert.Equal("/x?a=1&access_token=secret&b=2", Assert.Single(backend.Requests).RawTarget); // the server's to judge
    }

    [Fact]
    public async Task Connections_of_bytes_have_lines_of_their_own_with_bytes_and_flags()
    {
        var file = Path.GetTempFileName();
        await using var backend = new TcpBackend("hello ");
        var proxy = await TestProxy.StartAsync(
            Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", backend.Port)), configure: o => o.AccessLog = file);

        using (var tunnel = await TunnelClient.ConnectAsync(proxy, "DB:3306", early: "abc"))
        {
            await tunnel.ReadAsync("hello ABC".Length);
            tunnel.EndSending();
            await tunnel.ReadToEndAsync();
        }

        using (await TunnelClient.ConnectAsync(proxy, "nobody:1"))
        {
        }

        await proxy.Server.StopAsync(CancellationToken.None); // when all connections have ended
        await proxy.DisposeAsync();

        var lines = (await File.ReadAllLinesAsync(file)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        File.Delete(file);
        Assert.All(lines, line => Assert.Equal(Keys, line.EnumerateObject().Select(p => p.Name)));
        Assert.Equal(
            [("db:3306", "CONNECT", 200, "-", "c", 3L, 9L), ("nobody:1", "CONNECT", 502, "UH", "BlackHoleCluster", 0L, 0L)],
            lines.Select(line => (
                line.GetProperty("authority").GetString(),
                line.GetProperty("method").GetString(),
                line.GetProperty("response_code").GetInt32(),
                line.GetProperty("response_flags").GetString(),
                line.GetProperty("upstream_cluster").GetString(),
                line.GetProperty("bytes_received").GetInt64(),
                line.GetProperty("bytes_sent").GetInt64())));
        Assert.Equal($"127.0.0.1:{backend.Port}", lines[0].GetProperty("upstream_host").GetString());
    }

    [Fact]
    public async Task Metrics_carry_Istios_labels_from_configuration_only()
    {
        await using var backend = await EchoBackend.StartAsync();
        var cluster = Models.Cluster("outbound|80||b.app.svc.cluster.local", backend) with
        {
            ServiceHost = "b.app.svc.cluster.local", ServiceNamespace = "app",
        };
        cluster = cluster with { Endpoints = [cluster.Endpoints[0] with { Workload = "b-v1", WorkloadNamespace = "app" }] };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To(cluster.Name)), cluster),
            configure: o => o.Workload = new WorkloadLabels { Workload = "a-v1", Namespace = "app", App = "a", Version = "v1" });

        await proxy.GetAsync("http://b/", ("x-evil", "label"));

        await proxy.ToldAsync("istio_requests_total{");
        var line = Assert.Single(proxy.Server.Metrics.Write().Split('\n'), l => l.StartsWith("istio_requests_total{", StringComparison.Ordinal));
        Assert.EndsWith("} 1", line);
        Assert.Contains("reporter=\"source\",source_workload=\"a-v1\",source_workload_namespace=\"app\",source_app=\"a\"", line);
        Assert.Contains("destination_workload=\"b-v1\"", line);
        Assert.Contains("destination_service=\"b.app.svc.cluster.local\",destination_service_name=\"b\",destination_service_namespace=\"app\"", line);
        Assert.Contains("response_code=\"200\",response_flags=\"-\"", line);
        Assert.Contains("connection_security_policy=\"unknown\"", line);
    }

    [Fact]
    public void A_trace_is_continued_with_a_new_span_in_the_format_it_came_in()
    {
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        const string Span = "b7ad6b7169203331";
        var headers = new HeaderDictionary
        {
            ["traceparent"] = $"00-{Trace}-{Span}-01",
            ["x-b3-traceid"] = Trace,
            ["x-b3-spanid"] = Span,
            ["b3"] = $"{Trace}-{Span}-1",
            ["x-request-id"] = "mine",
        };

        TraceHeaders.Apply(headers, Fraction.None, SharedRandomSource.Instance);

        Assert.Matches($"^00-{Trace}-(?!{Span})[0-9a-f]{{16}}-01$", headers["traceparent"].ToString());
        Assert.Equal((Trace, Span), (headers["x-b3-traceid"].ToString(), headers["x-b3-parentspanid"].ToString()));
        Assert.NotEqual(Span, headers["x-b3-spanid"].ToString());
        Assert.Matches($"^{Trace}-(?!{Span})[0-9a-f]{{16}}-1-{Span}$", headers["b3"].ToString());
        Assert.Equal("mine", headers["x-request-id"].ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("00-0-0-01")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    public void A_broken_trace_is_started_anew_and_sampled_by_the_rate(string broken)
    {
        var headers = new HeaderDictionary { ["traceparent"] = broken };

        TraceHeaders.Apply(headers, Fraction.All, SharedRandomSource.Instance);

        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", headers["traceparent"].ToString());
        Assert.Equal("1", headers["x-b3-sampled"].ToString());
    }

    [Fact]
    public async Task Header_operations_run_cluster_then_route_and_removals_first_within_a_level()
    {
        await using var backend = await EchoBackend.StartAsync();
        HeaderMutation Set(string name, string value) => new(name, HeaderValueTemplate.Parse(value), HeaderAppendAction.Overwrite);
        HeaderMutation Add(string name, string value) => new(name, HeaderValueTemplate.Parse(value), HeaderAppendAction.Append);
        var choice = new WeightedClusterModel("c")
        {
            RequestHeaders = new(["x-gone"], [Set("x-both", "cluster"), Set("x-cluster", "%REQ(x-in)%-%%")]),
            ResponseHeaders = new([], [Set("x-answer", "cluster")]),
        };
        var route = Models.To(new RouteAction.Forward(new WeightedChoice([choice]))) with
        {
            RequestHeaders = new(["x-again"], [Set("x-both", "route"), Add("x-in", "2"), Add("x-again", "new")]),
            ResponseHeaders = new(["date"], [Add("x-answer", "route")]),
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://b/");
        foreach (var (name, value) in new[] { ("x-gone", "1"), ("x-in", "1"), ("x-again", "old") }) request.Headers.Add(name, value);

        using var response = await proxy.Client.SendAsync(request);

        var seen = Assert.Single(backend.Requests).Headers;
        Assert.False(seen.ContainsKey("x-gone"));
        Assert.Equal(("route", "1-%", "1, 2", "new"), (seen["x-both"], seen["x-cluster"], seen["x-in"], seen["x-again"]));
        Assert.Equal("cluster, route", string.Join(", ", response.Headers.GetValues("x-answer")));
    }

    [Theory]
    [InlineData(nameof(HeaderAppendAction.Overwrite))]
    [InlineData(nameof(HeaderAppendAction.Append))]
    public async Task A_header_made_of_something_that_is_not_there_leaves_the_one_that_is(string action)
    {
        await using var backend = await EchoBackend.StartAsync();
        HeaderMutation Made(string name) => new(name, HeaderValueTemplate.Parse("%REQ(x-absent)%"), Enum.Parse<HeaderAppendAction>(action));
        var route = Models.To("c") with { RequestHeaders = new([], [Made("x-user"), Made("x-new")]) };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://b/");
        request.Headers.Add("x-user", "bob");

        using var response = await proxy.Client.SendAsync(request);

        var seen = Assert.Single(backend.Requests).Headers;
        Assert.Equal("bob", seen["x-user"]);
        Assert.False(seen.ContainsKey("x-new"));
    }

    [Fact]
    public async Task A_header_that_takes_the_authority_takes_what_the_caller_wrote_and_not_what_the_route_makes_of_it()
    {
        await using var backend = await EchoBackend.StartAsync();
        var host = new HeaderMutation("x-host", HeaderValueTemplate.Parse("%REQ(:authority)%"), HeaderAppendAction.Overwrite);
        var route = Models.To(new RouteAction.Forward(new WeightedChoice([new WeightedClusterModel("c")])) { HostRewrite = "x.example" }) with
        {
            RequestHeaders = new([], [host]),
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));

        using var response = await proxy.Client.GetAsync("http://b/");

        Assert.Equal("b", Assert.Single(backend.Requests).Headers["x-host"]);
    }
}
