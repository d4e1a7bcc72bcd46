namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>Bytes between members: rules of TCP, mTLS, and what nobody knows.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class TcpRuleTests(ConformanceMesh mesh)
{
    private const string Subsets =
        "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}\n---\n";

    // a port that takes both counts 200 ms of silence as plaintext, which a busy machine may need before its handshake
    private const string Strict =
        "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: STRICT}}}\n---\n";

    // bytes say not who echoes them: so only one of the two may
    private const string OnlyV2 =
        "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: v1, namespace: app}, spec: {selector: {matchLabels: {app: b, version: v1}}, action: DENY, rules: [{to: [{operation: {ports: [\"9000\"]}}]}]}}\n---\n";

    [Theory]
    [InlineData("b:9000")]
    [InlineData("b.app:9000")]
    [InlineData("b.app.svc.cluster.local:9000")]
    public async Task Bytes_reach_a_port_that_takes_mesh_mTLS_only(string authority)
    {
        await using var rules = await mesh.WithAsync(Strict);

        using var tunnel = await Tunnel.ConnectAsync(mesh.A, authority);

        Assert.Equal((200, "some bytes"), (tunnel.Status, await tunnel.ExchangeAsync("some bytes")));
    }

    [Fact]
    public async Task What_a_port_speaks_that_has_not_said_so_is_found_out()
    {
        using var bytes = await Tunnel.ConnectAsync(mesh.A, "u:9000");
        using var requests = await Tunnel.ConnectAsync(mesh.A, "u:80");

        Assert.Equal((200, "some bytes"), (bytes.Status, await bytes.ExchangeAsync("some bytes")));
        Assert.StartsWith(
            "HTTP/1.1 200", await requests.RequestAsync("GET / HTTP/1.1\r\nHost: u\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_route_of_TCP_chooses_the_subset_by_port_and_caller()
    {
        await using var rules = await mesh.WithAsync(Strict + Subsets + OnlyV2 + """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], tcp: [{match: [{port: 9000, sourceNamespace: other}, {port: 9000, sourceLabels: {app: zzz}}, {port: 9001}], route: [{destination: {host: b, subset: v1}}]}, {match: [{port: 9000}], route: [{destination: {host: b, subset: v2}}]}]}}
            """);

        for (var i = 0; i < 20; i++)
        {
            using var mine = await Tunnel.ConnectAsync(mesh.A, "b:9000");
            Assert.Equal("x", await mine.ExchangeAsync("x"));
        }

        using var other = await Tunnel.ConnectAsync(mesh.O, "b.app:9000");
        Assert.Equal("", await other.ExchangeAsync("x"));
    }

    [Fact]
    public async Task Weights_split_connections()
    {
        await using var rules = await mesh.WithAsync(Strict + Subsets + OnlyV2 + """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], tcp: [{route: [{destination: {host: b, subset: v1}, weight: 1}, {destination: {host: b, subset: v2}, weight: 4}]}]}}
            """);
        var echoed = 0;
        for (var i = 0; i < 200; i++)
        {
            using var tunnel = await Tunnel.ConnectAsync(mesh.A, "b:9000");
            if (await tunnel.ExchangeAsync("x") == "x") echoed++;
        }

        Assert.InRange(echoed, 140, 180); // 160, with three and a half standard deviations
    }

    [Fact]
    public async Task A_TCPRoute_of_the_Gateway_API_leads_the_callers_of_its_own_namespace_elsewhere()
    {
        await using var rules = await mesh.WithAsync(Strict + """
            {apiVersion: gateway.networking.k8s.io/v1alpha2, kind: TCPRoute, metadata: {name: b, namespace: other}, spec: {parentRefs: [{group: "", kind: Service, name: b, namespace: app, port: 9000}], rules: [{backendRefs: [{name: nobody, port: 9000}]}]}}
            """);

        using var mine = await Tunnel.ConnectAsync(mesh.A, "b:9000");
        using var other = await Tunnel.ConnectAsync(mesh.O, "b.app:9000");

        Assert.Equal((200, "x"), (mine.Status, await mine.ExchangeAsync("x")));
        Assert.Equal(503, other.Status);
    }

    [Fact]
    public async Task What_nobody_knows_is_refused_where_only_the_registry_counts()
    {
        var outside = $"127.0.0.1:{mesh.A.AdminPort}";
        const string Request = "GET /healthz/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        using (var open = await Tunnel.ConnectAsync(mesh.A, outside))
        {
            Assert.StartsWith("HTTP/1.1 ", await open.RequestAsync(Request), StringComparison.Ordinal);
        }

        await using var rules = await mesh.WithAsync(
            "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}");
        using var closed = await Tunnel.ConnectAsync(mesh.A, outside);
        using var known = await Tunnel.ConnectAsync(mesh.A, "b:9000");

        Assert.Equal((502, 200), (closed.Status, known.Status));
    }

    [Fact]
    public async Task Requests_in_a_tunnel_follow_the_routes_of_HTTP()
    {
        await using var rules = await mesh.WithAsync(Subsets + """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{route: [{destination: {host: b, subset: v2}}]}]}}
            """);

        for (var i = 0; i < 5; i++)
        {
            using var tunnel = await Tunnel.ConnectAsync(mesh.A, "b:80");
            var answer = await tunnel.RequestAsync("GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n");
            Assert.Contains("x-echo-version: v2\r\n", answer, StringComparison.OrdinalIgnoreCase);
        }
    }
}
