using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Translation.Edge;

/// <summary>What a gateway proxy gets of Gateways and of the VirtualServices that bind to them.</summary>
public sealed class EdgeTests
{
    private const string Http = """
        kind: Gateway
        apiVersion: networking.istio.io/v1
        metadata: { name: gw, namespace: istio-system }
        spec: { selector: { istio: ingressgateway }, servers: [ { port: { number: 80, name: http, protocol: HTTP }, hosts: [ HOSTS ] } ] }
        """;

    private static Translated Got { get; } = EdgeMesh.Everything.For(EdgeMesh.Gateway);

    [Fact]
    public void Every_port_has_a_listener_and_every_server_that_ends_TLS_a_chain_of_its_own()
    {
        Assert.Equal(
            ["0.0.0.0_80", "0.0.0.0_443", "0.0.0.0_8443", "0.0.0.0_15443", "10.9.9.9_9000"],
            Got.Resources.Listeners.Resources.Select(r => r.Name).OrderBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal));
        Assert.Equal(
            [
                "https.443.https.gw.istio-system: *.example", "https.443.mutual.gw.istio-system: m.example.org",
                "https.443.files.gw.istio-system: f.example.org", "tls.443.through.gw.istio-system.0: db.through.org",
            ],
            Got.Listener("0.0.0.0_443").FilterChains.Select(c => $"{c.Name}: {string.Join(',', c.FilterChainMatch.ServerNames)}"));
    }

    [Fact]
    public void Plaintext_is_redirected_for_all_hosts_whoever_speaks_for_them() => Assert.Equal(
        [("*.example", VirtualHost.Types.TlsRequirementType.All), ("b.example", VirtualHost.Types.TlsRequirementType.All)],
        Got.Routes("http.80").VirtualHosts.Select(h => (h.Domains.Single(), h.RequireTls)));

    [Theory]
    [InlineData("", 0)]
    [InlineData("{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {defaultConfig: {gatewayTopology: {numTrustedProxies: 2}}}}\n---\n", 2)]
    public void Proxies_before_a_gateway_are_trusted_as_the_mesh_says_and_a_sidecar_trusts_whoever_passes_on(string mesh, int trusted)
    {
        var got = TestMesh.With(mesh + Http.Replace("HOSTS", "\"*\"", StringComparison.Ordinal));

        var edge = got.For(EdgeMesh.Gateway).Listener("0.0.0.0_80").FilterChains.Single().Filters[^1].TypedConfig
            .Unpack<HttpConnectionManager>();
        Assert.Equal((true, (uint)trusted), (edge.UseRemoteAddress, edge.XffNumTrustedHops));
        var inbound = got.For().Listener("virtualInbound").FilterChains[0].Filters[^1].TypedConfig.Unpack<HttpConnectionManager>();
        Assert.Equal((false, 0u), (inbound.UseRemoteAddress, inbound.XffNumTrustedHops));
    }

    [Fact]
    public void Credentials_are_named_as_istiod_names_them_and_files_stay_files()
    {
        var (mutual, files) = (Tls("mutual"), Tls("files"));

        Assert.True(mutual.RequireClientCertificate);
        Assert.Equal("kubernetes://cred", mutual.CommonTlsContext.TlsCertificateSdsSecretConfigs.Single().Name);
        Assert.Equal(
            "kubernetes://cred-cacert", mutual.CommonTlsContext.CombinedValidationContext.ValidationContextSdsSecretConfig.Name);
        Assert.Equal(
            TlsParameters.Types.TlsProtocol.Tlsv13, mutual.CommonTlsContext.TlsParams.TlsMinimumProtocolVersion);
        Assert.False(files.RequireClientCertificate);
        Assert.Equal("/c/ca", files.CommonTlsContext.ValidationContext.TrustedCa.Filename);
        Assert.Equal("/c/crl", files.CommonTlsContext.ValidationContext.Crl.Filename);
    }

    [Fact]
    public void Bytes_are_split_by_weight_and_a_destination_that_is_not_there_leads_nowhere()
    {
        var proxy = Got.Listener("10.9.9.9_9000").FilterChains.Single().Filters[^1].TypedConfig.Unpack<TcpProxy>();

        Assert.Equal(
            ["BlackHoleCluster 5", "outbound|7070||c.other.svc.cluster.local 10", "outbound|9000||b.app.svc.cluster.local 90"],
            proxy.WeightedClusters.Clusters.Select(c => $"{c.Name} {c.Weight}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Clusters_that_stand_open_have_the_name_of_the_handshake_and_add_no_TLS()
    {
        const string Name = "outbound_.80_._.b.app.svc.cluster.local";
        var chain = Assert.Single(Got.Listener("0.0.0.0_15443").FilterChains, c => c.Name == Name);

        Assert.Equal([Name], chain.FilterChainMatch.ServerNames);
        Assert.Contains("istio", chain.FilterChainMatch.ApplicationProtocols);
        Assert.Null(Got.Cluster(Name).TransportSocket);
        Assert.Empty(Got.Cluster(Name).TransportSocketMatches);
        Assert.Equal(2, Got.Endpoints(Name).Endpoints.Sum(l => l.LbEndpoints.Count));
        Assert.False(Got.Has(TypeUrls.Cluster, "outbound_.80_._.c.other.svc.cluster.local"));
    }

    [Fact]
    public void Sidecars_do_not_see_what_binds_to_gateways_only()
    {
        var mesh = TestMesh.With(At("b.example", "first", "a"));

        Assert.DoesNotContain(mesh.For().Routes(80).VirtualHosts, h => h.Name == "b.example:80");
        Assert.Contains(EdgeMesh.Everything.For().Routes(80).VirtualHosts, h => h.Name == "b.example:80");
    }

    [Theory]
    [InlineData("second", "first", "/one first, / second")]
    [InlineData("first", "second", "/one first, / second")]
    public void VirtualServices_of_one_host_are_joined_and_what_takes_everything_comes_last(string older, string younger, string expected)
    {
        string Yaml(string name) => name == "first" ? At("b.example", name, "b", "/one") : At("b.example", name, "c.other.svc.cluster.local");
        var got = TestMesh.With(Open("\"*\"") + Yaml(older) + "\n---\n" + Yaml(younger)).For(EdgeMesh.Gateway);

        var routes = got.Routes("http.80").VirtualHosts.Single().Routes;

        Assert.Equal(expected, string.Join(", ", routes.Select(r => $"{r.Match.Prefix} {r.Name}")));
    }

    [Fact]
    public void Of_several_that_take_everything_only_the_oldest_is_kept()
    {
        var yaml = string.Join("\n---\n", At("b.example", "x", "b"), At("b.example", "y", "a"), At("b.example", "z", "b", "/z"));
        var routes = TestMesh.With(Open("\"*\"") + yaml).For(EdgeMesh.Gateway).Routes("http.80").VirtualHosts.Single().Routes;

        Assert.Equal(["z", "x"], routes.Select(r => r.Name));
    }

    [Theory]
    [InlineData("\"*.example\"", "b.example", "b.example")]
    [InlineData("b.example", "\"*.example\"", "b.example")]
    [InlineData("\"app/*\"", "b.example", "b.example")]
    [InlineData("\"other/*\"", "b.example", "*")]
    [InlineData("\"./*\"", "b.example", "*")]
    [InlineData("a.example", "b.example", "*")]
    public void Hosts_are_what_server_and_VirtualService_have_in_common(string served, string routed, string domain)
    {
        var got = TestMesh.With(Open(served) + At(routed, "x", "b")).For(EdgeMesh.Gateway);

        Assert.Equal([domain], got.Routes("http.80").VirtualHosts.Single().Domains);
        Assert.Equal(domain == "*" ? 0 : 1, got.Routes("http.80").VirtualHosts.Single().Routes.Count);
    }

    [Theory]
    [InlineData("istio-system/gw", true)]
    [InlineData("gw.istio-system", true)]
    [InlineData("gw.istio-system.svc.cluster.local", true)]
    [InlineData("gw", false)]
    [InlineData("gw.app", false)]
    public void A_gateway_is_named_as_Istio_names_it(string name, bool isBound)
    {
        var route = At("b.example", "x", "b").Replace("istio-system/gw", name, StringComparison.Ordinal);
        var got = TestMesh.With(Open("\"*\"") + route).For(EdgeMesh.Gateway);

        Assert.Equal(isBound ? 1 : 0, got.Routes("http.80").VirtualHosts.Single().Routes.Count);
    }

    [Theory]
    [InlineData("gateways: [ istio-system/gw ], sourceLabels: { app: nobody }", true)]
    [InlineData("gateways: [ mesh ]", false)]
    [InlineData("sourceLabels: { app: nobody }", false)]
    [InlineData("sourceLabels: { app: gw }", true)]
    [InlineData("port: 80", true)]
    [InlineData("port: 81", false)]
    [InlineData("headers: { \"@request.auth.claims[role]\": { exact: admin } }", true)]
    [InlineData("headers: { \"@request.auth.claims\": { exact: admin } }", false)]
    [InlineData("withoutHeaders: { \"@request.auth.claims[a\": { exact: admin } }", false)]
    public void Conditions_select_the_gateway_and_what_names_no_claim_never_matches(string match, bool isIn)
    {
        var got = TestMesh.With(Open("\"*\"") + $$"""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: x, namespace: app }
            spec: { hosts: [ b.example ], gateways: [ istio-system/gw ], http: [ { match: [ { {{match}} } ], route: [ { destination: { host: b } } ] } ] }
            """).For(EdgeMesh.Gateway);

        Assert.Equal(isIn ? 1 : 0, got.Routes("http.80").VirtualHosts.Sum(h => h.Routes.Count));
    }

    [Theory]
    [InlineData("headers: { \"@request.auth.claims[a][b.c]\": { exact: x } }", "payload/a/b.c", false)]
    [InlineData("headers: { \"@request.auth.claims.a.b\": { prefix: x } }", "payload/a/b", false)]
    [InlineData("withoutHeaders: { \"@request.auth.claims.a\": { regex: x } }", "payload/a", true)]
    public void A_claim_is_asked_of_the_verified_token_and_never_of_a_header(string match, string path, bool inverted)
    {
        var mesh = TestMesh.With(Open("\"*\"") + $$"""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: x, namespace: app }
            spec: { hosts: [ b.example ], gateways: [ istio-system/gw, mesh ], http: [ { match: [ { gateways: [ istio-system/gw ], {{match}} } ], route: [ { destination: { host: b } } ] } ] }
            ---
            kind: RequestAuthentication
            apiVersion: security.istio.io/v1
            metadata: { name: jwt, namespace: istio-system }
            spec: { selector: { matchLabels: { istio: ingressgateway } }, jwtRules: [ { issuer: i, jwks: '{"keys":[]}' } ] }
            """);
        var got = mesh.For(EdgeMesh.Gateway);

        var route = Assert.Single(got.Routes("http.80").VirtualHosts.Single().Routes);
        var claim = Assert.Single(route.Match.DynamicMetadata);
        Assert.Empty(route.Match.Headers);
        Assert.Equal((path, inverted), (string.Join('/', claim.Path.Select(s => s.Key)), claim.Invert));
        var manager = got.Listener("0.0.0.0_80").FilterChains.Single().Filters[^1].TypedConfig.Unpack<HttpConnectionManager>();
        Assert.True(manager.HttpFilters[0].TypedConfig.Unpack<JwtAuthentication>().Providers["origins-0"].ClearRouteCache);
    }

    [Fact]
    public void The_oldest_server_of_a_port_decides_what_is_spoken_there()
    {
        var other = Http.Replace("name: gw,", "name: late,", StringComparison.Ordinal)
            .Replace("protocol: HTTP", "protocol: TCP", StringComparison.Ordinal).Replace("HOSTS", "\"*\"", StringComparison.Ordinal);
        var got = TestMesh.With(Open("\"*\"") + other).For(EdgeMesh.Gateway);

        var chain = Assert.Single(got.Listener("0.0.0.0_80").FilterChains);
        Assert.True(chain.Filters[^1].TypedConfig.Is(HttpConnectionManager.Descriptor));
    }

    [Theory]
    [InlineData("HTTP", 1)]
    [InlineData("TCP", 0)]
    public void All_addresses_are_one_place_however_they_are_written(string protocol, int routes)
    {
        var other = Http.Replace("name: gw,", "name: late,", StringComparison.Ordinal)
            .Replace("protocol: HTTP", $"protocol: {protocol}", StringComparison.Ordinal)
            .Replace("[ HOSTS ]", "[ \"*\" ], bind: 0.0.0.0", StringComparison.Ordinal);
        var late = At("b.example", "x", "b").Replace("istio-system/gw", "istio-system/late", StringComparison.Ordinal);
        var got = TestMesh.With($"{Open("a.example")}{other}\n---\n{late}").For(EdgeMesh.Gateway);

        Assert.Equal(["0.0.0.0_80"], got.Resources.Listeners.Resources.Select(r => r.Name));
        Assert.Equal(routes, got.Routes("http.80").VirtualHosts.Sum(h => h.Routes.Count));
    }

    [Fact]
    public void A_name_of_a_handshake_belongs_to_the_oldest_server_that_has_it()
    {
        string Yaml(string name, string hosts) => $$"""
            kind: Gateway
            apiVersion: networking.istio.io/v1
            metadata: { name: {{name}}, namespace: istio-system }
            spec: { selector: { istio: ingressgateway }, servers: [ { port: { number: 443, name: https, protocol: HTTPS }, hosts: [ {{hosts}} ], tls: { mode: SIMPLE, credentialName: {{name}} } } ] }
            """;
        var got = TestMesh.With(string.Join("\n---\n", Yaml("one", "a.example, b.example"), Yaml("two", "b.example"), Yaml("three", "b.example, c.example")))
            .For(EdgeMesh.Gateway);

        Assert.Equal(
            ["https.443.https.one.istio-system: a.example,b.example", "https.443.https.three.istio-system: c.example"],
            got.Listener("0.0.0.0_443").FilterChains.Select(c => $"{c.Name}: {string.Join(',', c.FilterChainMatch.ServerNames)}"));
    }

    [Fact]
    public void Behind_a_service_the_proxy_opens_the_port_to_which_that_leads()
    {
        var got = TestMesh.With(Open("\"*\"") + """
            { kind: Service, apiVersion: v1, metadata: { name: gw, namespace: istio-system }, spec: { selector: { istio: ingressgateway }, ports: [ { port: 80, name: http, targetPort: 8080 } ] } }
            """).For(EdgeMesh.Gateway);

        Assert.Equal(8080u, got.Listener("0.0.0.0_8080").Address.SocketAddress.PortValue);
        Assert.True(got.Has(TypeUrls.RouteConfiguration, "http.8080"));
    }

    [Fact]
    public void Who_connects_counts_as_the_client()
    {
        var manager = Got.Listener("0.0.0.0_80").FilterChains.Single().Filters.Single().TypedConfig.Unpack<HttpConnectionManager>();

        Assert.True(manager.UseRemoteAddress);
        Assert.Equal(HttpConnectionManager.Types.ForwardClientCertDetails.SanitizeSet, manager.ForwardClientCertDetails);
    }

    [Theory]
    [InlineData("ingressgateway", true)]
    [InlineData("other", false)]
    public void Limits_that_select_the_gateway_come_after_access_control(string istio, bool isIn)
    {
        var got = TestMesh.With(Open("\"*\"") + $$"""
            { kind: RateLimit, apiVersion: mesh.orleans.io/v1, metadata: { name: all, namespace: istio-system }, spec: { selector: { matchLabels: { istio: {{istio}} } }, rules: [ { requests: 9, interval: 1m } ] } }
            ---
            { kind: AuthorizationPolicy, apiVersion: security.istio.io/v1, metadata: { name: d, namespace: istio-system }, spec: { action: DENY, rules: [ { to: [ { operation: { paths: [ "/no" ] } } ] } ] } }
            """).For(EdgeMesh.Gateway);
        var manager = got.Listener("0.0.0.0_80").FilterChains.Single().Filters.Single().TypedConfig.Unpack<HttpConnectionManager>();
        string[] limits = isIn ? ["mesh.filters.http.rate_limit"] : [];

        Assert.Equal(
            ["envoy.filters.http.rbac", .. limits, "envoy.filters.http.fault", "envoy.filters.http.router"],
            manager.HttpFilters.Select(f => f.Name));
        Assert.All(manager.HttpFilters.Where(f => limits.Contains(f.Name)), f => Assert.True(f.IsOptional));
    }

    [Fact]
    public void A_gateway_of_other_labels_opens_nothing() => Assert.Empty(
        EdgeMesh.Everything.For(TestMesh.Scope("istio-system", "app=gw,istio=other") with { Mode = Xds.Translation.Scopes.ProxyMode.Gateway })
            .Resources.Listeners.Resources);

    private static string Open(string hosts) => Http.Replace("HOSTS", hosts, StringComparison.Ordinal) + "\n---\n";

    private static string At(string host, string name, string destination, string? prefix = null)
    {
        var match = prefix is null ? "" : $"match: [ {{ uri: {{ prefix: {prefix} }} }} ], ";
        return $$"""
            kind: VirtualService
            apiVersion: networking.istio.io/v1
            metadata: { name: {{name}}, namespace: app }
            spec: { hosts: [ {{host}} ], gateways: [ istio-system/gw ], http: [ { name: {{name}}, {{match}}route: [ { destination: { host: {{destination}}, port: { number: 80 } } } ] } ] }
            """;
    }

    private static DownstreamTlsContext Tls(string port)
    {
        var chain = Assert.Single(Got.Listener("0.0.0.0_443").FilterChains, c => c.Name == $"https.443.{port}.gw.istio-system");
        return chain.TransportSocket.TypedConfig.Unpack<DownstreamTlsContext>();
    }
}
