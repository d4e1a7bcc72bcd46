using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>What is told of connections whose bytes are carried.</summary>
public sealed class ConnectionExplainerTests
{
    private const string Api = "apiVersion: networking.istio.io/v1";

    private const string Services = """
        {apiVersion: v1, kind: Service, metadata: {name: db, namespace: app}, spec: {clusterIP: 10.96.0.7, selector: {app: b}, ports: [{name: tcp, port: 5432, targetPort: 9000}, {name: tls, port: 5433, targetPort: 9001}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: db, namespace: app}, spec: {host: db, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
        ---

        """;

    private const string RegistryOnly = """
        {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}

        """;

    private static readonly string Routes = Services + $$$$"""
        {{{{{Api}}}}, kind: VirtualService, metadata: {name: db, namespace: app}, spec: {hosts: [db, "*.db.example"], tcp: [{match: [{port: 1}, {sourceNamespace: other}, {destinationSubnets: [10.97.0.0/16]}], route: [{destination: {host: db, subset: v1}}]}, {match: [{port: 5432}], route: [{destination: {host: db, subset: v1}, weight: 1}, {destination: {host: db, subset: v2}, weight: 3}]}], tls: [{match: [{sniHosts: [one.db.example]}], route: [{destination: {host: db, subset: v1}}]}]}}
        """;

    [Fact]
    public void A_connection_is_followed_to_the_members_of_its_service()
    {
        var told = ExplainedMesh.With(Services + """
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: db, namespace: app}, spec: {selector: {matchLabels: {app: b, version: v2}}, action: DENY, rules: [{from: [{source: {principals: [cluster.local/ns/app/sa/a]}}], to: [{operation: {ports: ["9000"]}}]}]}}
            """).Ask(Tcp("db:5432"));

        Assert.False(told.Verdict.IsCertain);
        Assert.Equal(
            [(50.0, (int?)null, OutcomeKind.Closed), (50.0, null, OutcomeKind.Forwarded)],
            told.Verdict.Outcomes.Select(o => (o.Percent, o.Status, o.Outcome)).OrderBy(o => o.Outcome != OutcomeKind.Closed));
        Assert.Equal("db.app.svc.cluster.local", told.Destination.Host);
        Assert.Equal([("", "the service itself", RouteVerdict.Matched)], Rows(told));
        Assert.All(Assert.Single(told.Clusters).Inbound, i => Assert.Equal(("mutualTls", (int?)null), (i.Transport, i.Status)));
        Assert.Contains(told.Verdict.Outcomes, o => o.Reason.Contains("AuthorizationPolicy app/db[0]", StringComparison.Ordinal));
    }

    [Fact]
    public void A_port_that_has_not_said_what_it_speaks_takes_bytes_and_requests()
    {
        var mesh = ExplainedMesh.With("""
            {apiVersion: v1, kind: Service, metadata: {name: u, namespace: app}, spec: {selector: {app: b}, ports: [{name: one, port: 7000, targetPort: 7001}]}}
            """);

        var bytes = mesh.Ask(Tcp("u:7000"));

        Assert.Equal((OutcomeKind.Forwarded, "u.app.svc.cluster.local"), (bytes.Verdict.Outcome, bytes.Destination.Host));
        Assert.Equal("Matched", Assert.Single(bytes.Outbound!.Routes).Verdict.ToString());
        Assert.Equal(200, mesh.Ask("u:7000").Verdict.Status);
    }

    [Fact]
    public void A_rule_of_requests_that_denies_denies_bytes_where_nobody_has_said_what_is_spoken()
    {
        var mesh = ExplainedMesh.With("""
            {apiVersion: v1, kind: Service, metadata: {name: u, namespace: app}, spec: {selector: {app: b}, ports: [{name: one, port: 7000, targetPort: 7001}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: u, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{to: [{operation: {paths: [/no]}}]}]}}
            """);

        Assert.Equal(OutcomeKind.Closed, mesh.Ask(Tcp("u:7000")).Verdict.Outcome);
        Assert.Equal((200, 403), (mesh.Ask("u:7000").Verdict.Status, mesh.Ask("u:7000", "/no").Verdict.Status));
    }

    [Fact]
    public void Every_condition_of_TCP_is_told_and_the_shares_of_the_one_that_takes_it()
    {
        var told = ExplainedMesh.With(Routes).Ask(Tcp("db.app:5432"));

        Assert.Equal(
            [
                ("app/db tcp[0].match[0]", "is for port 1"),
                ("app/db tcp[0].match[1]", "is for clients of namespace other"),
                ("app/db tcp[0].match[2]", "destination: wanted 10.97.0.0/16, got 10.96.0.7"),
                ("app/db tcp[1].match[0]", ""),
            ],
            told.Outbound!.Routes.Select(r => (r.Place, r.Reason)));
        Assert.Equal(RouteVerdict.Matched, told.Outbound.Routes[^1].Verdict);
        Assert.Equal([25.0, 75.0], told.Clusters.Select(c => c.Percent));
        Assert.Contains(new CandidateView("app/db", true, "answers for db.app.svc.cluster.local"), told.Outbound.VirtualServices);
    }

    [Theory]
    [InlineData("one.db.example", nameof(OutcomeKind.Forwarded), "Matched")]
    [InlineData("two.db.example", nameof(OutcomeKind.NoRoute), "Differs")]
    public void TLS_is_chosen_by_the_name_in_its_handshake(string name, string kind, string verdict)
    {
        var told = ExplainedMesh.With(Routes).Ask(Tcp("db:5433") with { Protocol = CallProtocol.Tls, ServerName = name });

        Assert.Equal(kind, told.Verdict.Outcome.ToString());
        Assert.Equal(("app/db tls[0].match[0]", verdict), (told.Outbound!.Routes[0].Place, told.Outbound.Routes[0].Verdict.ToString()));
        Assert.Equal(name, told.Destination.ServerName);
    }

    [Fact]
    public void Who_dials_a_member_gets_that_one()
    {
        var told = ExplainedMesh.With(Services.Replace("clusterIP: 10.96.0.7, ", "clusterIP: None, ", StringComparison.Ordinal)
            + "{apiVersion: v1, kind: Namespace, metadata: {name: app}}").Ask(Tcp("10.0.0.3:5432"));

        Assert.Equal(["app/b-2"], Assert.Single(Assert.Single(told.Clusters).Inbound).Workloads.AsEnumerable());
    }

    [Fact]
    public void Bytes_to_a_port_of_requests_are_not_carried()
    {
        var told = ExplainedMesh.With().Ask(Tcp("b:80"));

        Assert.Equal((null, OutcomeKind.BadRequest, false), (told.Verdict.Status, told.Verdict.Outcome, told.Verdict.ReachesApplication));
        Assert.Contains("carries requests", told.Verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALLOW_ANY", nameof(OutcomeKind.LeavesMesh))]
    [InlineData("REGISTRY_ONLY", nameof(OutcomeKind.Closed))]
    public void What_nobody_knows_goes_where_it_points_or_nowhere(string mode, string kind)
    {
        var told = ExplainedMesh.With(
            "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {outboundTrafficPolicy: {mode: "
            + mode + "}}}").Ask(Tcp("192.0.2.1:4000"));

        Assert.Equal((null, kind), (told.Verdict.Status, told.Verdict.Outcome.ToString()));
    }

    [Theory]
    [InlineData("198.51.100.9:7000", null, "net.example", "net.example itself", nameof(OutcomeKind.LeavesMesh))]
    [InlineData("203.0.113.5:7000", null, null, null, nameof(OutcomeKind.Closed))]
    [InlineData("203.0.113.5:443", "shop.example", "shop.example", "shop.example itself", nameof(OutcomeKind.LeavesMesh))]
    [InlineData("203.0.113.5:443", "other.example", null, null, nameof(OutcomeKind.Closed))]
    [InlineData("203.0.113.5:7001", null, "fixed.example", "fixed.example itself", nameof(OutcomeKind.Forwarded))]
    [InlineData("192.0.2.7:7001", null, "fixed.example", "the service itself", nameof(OutcomeKind.Forwarded))]
    public void Whose_an_address_is_that_nobody_has_the_networks_and_server_names_of_its_port_say(
        string to, string? serverName, string? host, string? taker, string outcome)
    {
        var told = ExplainedMesh.With(RegistryOnly + """
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: net, namespace: app}, spec: {hosts: [net.example], addresses: [198.51.100.0/24], resolution: NONE, location: MESH_EXTERNAL, ports: [{number: 7000, name: tcp, protocol: TCP}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: shop, namespace: app}, spec: {hosts: [shop.example], resolution: NONE, location: MESH_EXTERNAL, ports: [{number: 443, name: tls, protocol: TLS}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: fixed, namespace: app}, spec: {hosts: [fixed.example], resolution: STATIC, location: MESH_EXTERNAL, endpoints: [{address: 192.0.2.7}], ports: [{number: 7001, name: tcp, protocol: TCP}]}}
            """).Ask(serverName is null ? Tcp(to) : Tcp(to) with { Protocol = CallProtocol.Tls, ServerName = serverName });

        Assert.Equal((host, outcome), (told.Destination.Host, told.Verdict.Outcome.ToString()));
        Assert.Equal(taker, told.Outbound?.Routes.FirstOrDefault(r => r.Verdict is RouteVerdict.Matched)?.Name);
    }

    [Theory]
    [InlineData("10.1.2.3", "exact.example")]
    [InlineData("10.1.2.4", "narrow.example")]
    [InlineData("10.1.3.4", "wide.example")]
    [InlineData("10.2.3.4", null)]
    public void An_address_on_a_port_of_requests_belongs_to_the_longest_network(string to, string? host)
    {
        var mesh = ExplainedMesh.With(RegistryOnly + string.Concat(
            new[] { ("wide", "10.1.0.0/16"), ("narrow", "10.1.2.0/24"), ("exact", "10.1.2.3") }.Select(entry => $$$"""
                ---
                {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: {{{entry.Item1}}}, namespace: app}, spec: {hosts: [{{{entry.Item1}}}.example], addresses: [{{{entry.Item2}}}], resolution: NONE, location: MESH_EXTERNAL, ports: [{number: 80, name: http, protocol: HTTP}]}}

                """)));

        var (connection, request) = (mesh.Ask(Tcp($"{to}:80")), mesh.Ask(Tcp($"{to}:80") with { Protocol = CallProtocol.Http }));
        var bare = mesh.Ask(Tcp($"{to}:80") with { Protocol = CallProtocol.Http, From = "app/bare-1" });

        Assert.Equal((host, host is null ? OutcomeKind.Closed : OutcomeKind.BadRequest), (connection.Destination.Host, connection.Verdict.Outcome));
        Assert.Equal((host, host is null ? 502 : 200), (request.Destination.Host, request.Verdict.Status));
        if (to != "10.1.2.3") Assert.Equal(OutcomeKind.LeavesMesh, bare.Verdict.Outcome);
    }

    [Fact]
    public void A_client_without_sidecar_is_refused_where_mTLS_is_demanded()
    {
        var told = ExplainedMesh.With(Services
            + "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: app}, spec: {mtls: {mode: STRICT}}}")
            .Ask(Tcp("db:5432") with { From = "app/bare-1" });

        Assert.Equal((null, OutcomeKind.Closed), (told.Verdict.Status, told.Verdict.Outcome));
        Assert.Contains("takes mesh mTLS only", told.Verdict.Reason, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Place, string Name, RouteVerdict Verdict)> Rows(Explanation told) =>
        told.Outbound!.Routes.Select(r => (r.Place, r.Name, r.Verdict));

    private static ExplainRequest Tcp(string to) => new() { From = "app/a-1", To = to, Protocol = CallProtocol.Tcp };
}
