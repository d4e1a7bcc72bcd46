using System.Collections.Immutable;
using MeshOrleans.Model.Analysis;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Analysis;

/// <summary>Each kind of finding: where it is found, and where it is not.</summary>
public sealed class AnalyzerTests
{
    private const string Reviews = """
        {apiVersion: v1, kind: Service, metadata: {name: reviews, namespace: app}, spec: {selector: {app: reviews}, ports: [{name: http, port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: many, namespace: app}, spec: {selector: {app: many}, ports: [{name: http, port: 80}, {name: grpc, port: 81}]}}
        ---

        """;

    [Theory]
    [InlineData("gateways: [gw], hosts: [r.example], http: [{route: [{destination: {host: reviews}}]}]", "IST0101 spec.gateways[0]")]
    [InlineData("gateways: [mesh], hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]", "")]
    [InlineData("hosts: [reviews], http: [{delegate: {name: child}}]", "IST0101 spec.http[0].delegate")]
    [InlineData("hosts: [reviews], http: [{route: [{destination: {host: nobody}}]}]", "IST0101 spec.http[0].route[0].destination.host")]
    [InlineData("hosts: [reviews], http: [{route: [{destination: {host: reviews}}], mirror: {host: nobody}}]", "IST0101 spec.http[0].mirror.host")]
    [InlineData("hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1}}]}]", "IST0101 spec.http[0].route[0].destination.subset")]
    [InlineData("hosts: [many], http: [{route: [{destination: {host: many}}]}]", "IST0112 spec.http[0].route[0].destination")]
    [InlineData("hosts: [many], http: [{route: [{destination: {host: many, port: {number: 81}}}]}]", "")]
    [InlineData("hosts: [reviews], tcp: [{route: [{destination: {host: nobody}}]}]", "IST0101 spec.tcp[0].route[0].destination.host")]
    [InlineData("hosts: [reviews], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews}}]}, {route: [{destination: {host: reviews}}]}]", "")]
    [InlineData("hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}, {match: [{uri: {exact: /late}}], route: [{destination: {host: reviews}}]}]", "IST0130 spec.http[1]")]
    [InlineData("hosts: [reviews], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews}}]}, {match: [{uri: {exact: /a/b}}, {uri: {exact: /c}}], route: [{destination: {host: reviews}}]}]", "IST0131 spec.http[1].match[0]")]
    [InlineData("hosts: [reviews], http: [{match: [{uri: {prefix: /a}, headers: {x: {exact: y}}}], route: [{destination: {host: reviews}}]}, {match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews}}]}]", "")]
    [InlineData("hosts: [reviews], http: [{match: [{headers: {x: {exact: y}}}], route: [{destination: {host: reviews}}]}, {match: [{name: again, headers: {X: {exact: y}}}], route: [{destination: {host: reviews}}]}]", "IST0130 spec.http[1]")]
    public void Of_a_VirtualService(string spec, string expected) => Check(
        $"{Reviews}{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: v, namespace: app}}, spec: {{{spec}}}}}",
        expected);

    [Theory]
    [InlineData("name: reviews", "name: reviews, port: 80", "")]
    [InlineData("name: nobody", "name: reviews, port: 80", "IST0101 spec.parentRefs[0]")]
    [InlineData("name: many, port: 82", "name: reviews, port: 80", "IST0101 spec.parentRefs[0]")]
    [InlineData("name: reviews", "name: nobody, port: 80", "IST0101 spec.rules[0].backendRefs[0]")]
    [InlineData("name: reviews", "name: reviews, port: 81", "IST0101 spec.rules[0].backendRefs[0]")]
    public void Of_an_HTTPRoute(string parent, string backend, string expected) => Check(
        $"{Reviews}{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: r, namespace: app}}, spec: {{parentRefs: [{{group: '', kind: Service, {parent}}}], rules: [{{backendRefs: [{{{backend}}}]}}]}}}}",
        expected);

    [Theory]
    [InlineData("web", "")]
    [InlineData("elsewhere", "MSH2020 spec.provider")] // app has it, and not the namespace that is named
    [InlineData("nobody", "MSH2020 spec.provider")]
    [InlineData("lost", "MSH2020 spec.provider")]
    [InlineData("shut", "MSH2020 spec.provider")]
    public void Of_a_CUSTOM_policy(string provider, string expected) => Check(
        $$$"""
        {{{Reviews}}}
        {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: app/reviews, port: 80}}, {name: elsewhere, envoyExtAuthzHttp: {service: other/reviews.app.svc.cluster.local, port: 80}}, {name: lost, envoyExtAuthzGrpc: {service: no.example, port: 80}}, {name: shut, envoyExtAuthzGrpc: {service: app/reviews, port: 81}}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: app}, spec: {action: CUSTOM, provider: {name: {{{provider}}}}, rules: [{}]}}
        """,
        expected);

    [Theory]
    [InlineData("reviews", "MSH2021 spec.provider")]
    [InlineData("many", "")]
    public void Of_a_CUSTOM_policy_for_the_authorizer_itself(string selected, string expected) => Check(
        $$$"""
        {{{Reviews}}}
        {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: app/reviews, port: 80}}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: r, namespace: app}, spec: {address: 10.0.0.1, labels: {app: reviews} }}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: app}, spec: {selector: {matchLabels: {app: {{{selected}}} }}, action: CUSTOM, provider: {name: web}, rules: [{}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: m, namespace: app}, spec: {address: 10.0.0.2, labels: {app: many} }}
        """,
        expected);

    [Theory]
    [InlineData("hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]", "MSH2009 spec.hosts[0]")]
    [InlineData("hosts: [reviews], tcp: [{route: [{destination: {host: reviews}}]}]", "")]
    [InlineData("hosts: [many], http: [{route: [{destination: {host: many, port: {number: 80}}}]}]", "")]
    public void A_VirtualService_that_gives_way_to_a_route_is_told(string spec, string expected) => Check(
        $$$"""
        {{{Reviews}}}
        {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: app}, spec: {parentRefs: [{group: '', kind: Service, name: reviews}], rules: [{backendRefs: [{name: reviews, port: 80}]}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: app}, spec: { {{{spec}}} }}
        """,
        expected);

    [Fact]
    public void A_route_whose_hosts_a_nearer_listener_has_is_told_that_it_has_no_effect()
    {
        const string Gateway = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: two, namespace: app}, spec: {gatewayClassName: mesh, listeners: [{name: wide, port: 80, protocol: HTTP, hostname: '*.example'}, {name: near, port: 80, protocol: HTTP, hostname: a.example}]}}";
        const string Route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: app}, spec: {parentRefs: [{name: two, sectionName: wide}], hostnames: [a.example], rules: [{backendRefs: [{name: reviews, port: 80}]}]}}";
        var findings = Analyze($"{Reviews}{Gateway}\n---\n{Route}");

        Assert.Equal("MSH2009 HTTPRoute/app/r spec.parentRefs[0]", Place(Assert.Single(findings)));
    }

    [Fact]
    public void Of_two_TCPRoutes_of_one_port_the_second_by_name_is_told_that_it_has_no_effect()
    {
        const string Service = "{apiVersion: v1, kind: Service, metadata: {name: bytes, namespace: app}, spec: {selector: {app: bytes}, ports: [{name: tcp, port: 90}]}}";
        const string Route = "{apiVersion: gateway.networking.k8s.io/v1, kind: TCPRoute, metadata: {name: b, namespace: app}, spec: {parentRefs: [{group: '', kind: Service, name: bytes}], rules: [{backendRefs: [{name: bytes, port: 90}]}]}}";
        var other = Route.Replace("name: b,", "name: a,", StringComparison.Ordinal);
        var findings = Analyze($"{Service}\n---\n{Route}\n---\n{other}");

        Assert.Equal("MSH2009 TCPRoute/app/b spec.parentRefs[0]", Place(Assert.Single(findings)));
    }

    [Theory]
    [InlineData("host: nobody", "IST0174 spec.host")]
    [InlineData("host: reviews, trafficPolicy: {tls: {mode: SIMPLE}}", "IST0128 spec.trafficPolicy.tls")]
    [InlineData("host: reviews, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}", "IST0129 spec.trafficPolicy.portLevelSettings[0].tls")]
    [InlineData("host: reviews, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", "")]
    [InlineData("host: reviews, subsets: [{name: v9, labels: {version: v9}}]", "")] // files alone: nobody is missed
    public void Of_a_DestinationRule(string spec, string expected) => Check(
        $"{Reviews}{{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {{name: d, namespace: app}}, spec: {{{spec}}}}}",
        expected);

    [Theory]
    [InlineData("host: reviews, http: {}", "")]
    [InlineData("host: nobody, http: {}", "MSH2006 spec.host")]
    [InlineData("host: reviews, port: 81, http: {}", "MSH2006 spec.port")]
    [InlineData("host: reviews, grpc: {}", "MSH2006 spec")]
    [InlineData("host: many, port: 80, grpc: {}", "MSH2006 spec.port")]
    [InlineData("host: many, grpc: {}", "")]
    [InlineData("host: many, tcp: {}", "")]
    public void Of_a_HealthCheck(string spec, string expected) => Check(
        $"{Reviews}{{apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {{name: h, namespace: app}}, spec: {{{spec}}}}}",
        expected);

    [Fact]
    public void Of_two_HealthChecks_for_the_same_ports_the_one_that_names_the_port_counts_then_the_oldest()
    {
        var found = Analyze(Reviews + """
            {apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {name: all, namespace: app}, spec: {host: many, tcp: {}}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {name: second, namespace: app}, spec: {host: many, http: {}}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {name: named, namespace: app}, spec: {host: many, port: 81, grpc: {}}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {name: third, namespace: app}, spec: {host: many.app.svc.cluster.local, port: 81, tcp: {}}}
            """);

        Assert.Equal(
            ["MSH2005 HealthCheck/app/second spec.host", "MSH2005 HealthCheck/app/third spec.host"], found.Select(Place));
        Assert.Equal("ShadowedHealthCheck", AnalysisCode.NameOf("MSH2005"));
    }

    [Theory]
    [InlineData("ports: [{name: web, port: 80}]", "IST0118 spec.ports[0].name")]
    [InlineData("ports: [{name: web, port: 80, appProtocol: http}]", "")]
    [InlineData("ports: [{name: db, port: 3306}]", "IST0118 spec.ports[0].name")]
    [InlineData("type: ExternalName, externalName: ext.example, ports: [{name: web, port: 80}]", "IST0150 spec.ports[0].name")]
    public void Of_a_Service(string spec, string expected) => Check(
        $"{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: app}}, spec: {{{spec}}}}}", expected);

    [Fact]
    public void Gateways_that_want_the_same_and_hosts_that_none_serves()
    {
        var found = Analyze(Reviews + """
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: edge}, spec: {selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["a.example"]}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["edge/b.example"], tls: {mode: SIMPLE, credentialName: cred}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: more, namespace: edge}, spec: {selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["a.example"]}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["c.example"], tls: {mode: SIMPLE, credentialName: cred}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: app}, spec: {gateways: [edge/gw], hosts: [a.example, b.example], http: [{match: [{headers: {"@request.auth.claims.role": {exact: admin}}}], route: [{destination: {host: reviews}}]}]}}
            """);

        Assert.Equal(
            [
                "IST0145 Gateway/edge/gw spec.servers[0]",
                "IST0145 Gateway/edge/more spec.servers[0]",
                "IST0149 VirtualService/app/v spec.http[0].match[0].headers.@request.auth.claims.role",
                "IST0132 VirtualService/app/v spec.hosts[1]", // edge/b.example is for the namespace edge
                "IST0138 Gateway/edge/gw spec.servers[1].tls.credentialName",
                "IST0138 Gateway/edge/more spec.servers[1].tls.credentialName",
            ],
            found.Select(Place));
    }

    [Fact]
    public void Gateways_that_want_one_port_for_different_protocols()
    {
        var found = Analyze("""
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: web, namespace: edge}, spec: {selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["a.example"]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: db, namespace: edge}, spec: {selector: {istio: gw}, servers: [{port: {number: 81, name: ok, protocol: TCP}, hosts: ["*"]}, {port: {number: 80, name: tcp, protocol: TCP}, hosts: ["*"]}]}}
            """);

        Assert.Equal(
            ["MSH2004 Gateway/edge/db spec.servers[1].port", "MSH2004 Gateway/edge/web spec.servers[0].port"],
            found.Select(Place));
        Assert.Equal("ConflictingGatewayPorts", AnalysisCode.NameOf("MSH2004"));
    }

    [Fact]
    public void Members_are_missed_in_a_live_mesh_only()
    {
        const string yaml = Reviews + """
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: d, namespace: app}, spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v9, labels: {version: v9}}]}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: app}, spec: {selector: {matchLabels: {app: nobody}}, rules: [{}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: one, namespace: app}, spec: {workloadSelector: {labels: {app: reviews}}, egress: [{hosts: ["./*"]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: two, namespace: app}, spec: {workloadSelector: {labels: {version: v1}}, egress: [{hosts: ["./*"]}]}}
            """;
        var member = new Workload
        {
            Namespace = "app",
            Name = "reviews-1",
            Address = "10.0.0.1",
            Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 80),
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("app", "reviews").Add("version", "v1"),
            Identity = SpiffeId.Parse("spiffe://cluster.local/ns/app/sa/reviews"),
        };

        Assert.Empty(Analyze(yaml));
        Assert.Equal(
            [
                "IST0110 Sidecar/app/one spec",
                "IST0110 Sidecar/app/two spec",
                "IST0173 DestinationRule/app/d spec.subsets[1]",
                "IST0127 AuthorizationPolicy/app/p spec.selector",
            ],
            Analyze(yaml, member).Select(Place));
    }

    [Fact]
    public void A_resource_puts_findings_about_itself_aside()
    {
        const string yaml = "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: d, namespace: app, annotations: {galley.istio.io/analyze-suppress: \"IST0174\"}}, spec: {host: nobody}}";

        Assert.Empty(Analyze(yaml));
        Assert.Single(Analyze(yaml.Replace("IST0174", "IST0101", StringComparison.Ordinal)));
    }

    [Fact]
    public void ServiceEntries_that_take_too_much_or_disagree()
    {
        var found = Analyze("""
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a, namespace: app}, spec: {hosts: [db.example], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: b, namespace: app}, spec: {hosts: [db.example], resolution: DNS, addresses: [240.0.0.9], ports: [{number: 5432, name: http, protocol: HTTP}]}}
            """);

        Assert.Equal(
            [
                "IST0134 ServiceEntry/app/a spec.ports[0]",
                "IST0177 ServiceEntry/app/a spec.ports[0].protocol",
                "IST0177 ServiceEntry/app/b spec.ports[0].protocol",
            ],
            found.Select(Place));
    }

    [Fact]
    public void Keys_of_an_issuer_that_are_missing_or_old()
    {
        const string yaml = """
            {apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: r, namespace: app}, spec: {jwtRules: [{jwksUri: "https://good.example"}, {jwksUri: "https://old.example"}, {issuer: "https://none.example"}, {jwksUri: "https://new.example"}]}}
            """;
        var fetched = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var snapshot = SnapshotOf(yaml);
        snapshot = snapshot with
        {
            Issuers = snapshot.Issuers
                .Add("https://good.example", new IssuerRecord(fetched, 2, null))
                .Add("https://old.example", new IssuerRecord(fetched, 2, "it is gone."))
                .Add("https://none.example/.well-known/openid-configuration", new IssuerRecord(null, 0, "it says no.")),
        };

        var found = MeshAnalyzer.Analyze(snapshot, knowsMembers: true);

        Assert.Equal(
            [
                "MSH2007 spec.jwtRules[2]: there are no keys of this issuer, and its tokens are refused: it says no.",
                "MSH2008 spec.jwtRules[1].jwksUri: the keys of 2026-01-01 00:00:00Z are still used: it is gone.",
            ],
            found.Select(f => $"{f.Code} {f.Path}: {f.Message}"));
        Assert.Equal("IssuerKeysMissing", AnalysisCode.NameOf("MSH2007"));
        Assert.Empty(MeshAnalyzer.Analyze(snapshot, knowsMembers: false));
    }

    [Fact]
    public void One_address_of_keys_too_many()
    {
        var policies = Enumerable.Range(0, 101).Chunk(50).Select((numbers, i) =>
        {
            var rules = string.Join(", ", numbers.Select(n => $"{{jwksUri: \"https://{n}.example\"}}"));
            return $"{{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {{name: r{i}, namespace: app}}, spec: {{jwtRules: [{rules}]}}}}";
        });
        var found = MeshAnalyzer.Analyze(SnapshotOf(string.Join("\n---\n", policies)), knowsMembers: true);

        Assert.Equal("MSH2007 RequestAuthentication/app/r2 spec.jwtRules[0].jwksUri", Place(Assert.Single(found)));
    }

    [Theory]
    [InlineData("AuthorizationPolicy", "gw", "")]
    [InlineData("AuthorizationPolicy", "nobody", "IST0101 spec.targetRefs[0]")]
    [InlineData("RequestAuthentication", "gw", "")]
    [InlineData("RequestAuthentication", "nobody", "IST0101 spec.targetRefs[0]")]
    public void A_policy_at_a_Gateway_that_there_is_not(string kind, string name, string expected) => Check(
        $$"""
        {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw, namespace: app}, spec: {gatewayClassName: mesh, listeners: [{name: http, port: 80, protocol: HTTP}]} }
        ---
        {apiVersion: security.istio.io/v1, kind: {{kind}}, metadata: {name: p, namespace: app}, spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: {{name}} }]} }
        """,
        expected);

    [Fact]
    public void Keys_that_are_too_many_for_one_workload()
    {
        var large = $"{{\"keys\":[],\"pad\":\"{new string('a', 150 * 1024)}\"}}";
        var policies = new[] { ("app", "one"), ("istio-system", "two"), ("other", "three") }.Select(p =>
            $"{{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {{name: {p.Item2}, namespace: {p.Item1}}}, spec: {{jwtRules: [{{issuer: i, jwks: '{large}'}}]}}}}");
        var member = new Workload { Namespace = "app", Name = "a-1", Address = "10.0.0.1" };

        var found = Analyze(string.Join("\n---\n", policies), member);

        Assert.Equal(
            "MSH2007 RequestAuthentication/istio-system/two spec.jwtRules[0]",
            Place(Assert.Single(found, f => f.Code == "MSH2007")));
    }

    [Theory]
    [InlineData("labels: {lane: blue}", "")]
    [InlineData("labels: {lane: blue}, hosts: [reviews]", "")]
    [InlineData("labels: {lane: green}", "MSH2024 Lane/app/l spec.labels")]
    [InlineData("labels: {lane: blue}, hosts: [many]", "MSH2024 Lane/app/l spec.labels")] // nobody of it is one of these
    [InlineData("labels: {app: reviews}", "MSH2025 Lane/app/l spec.labels")]
    [InlineData("labels: {lane: blue}, hosts: [reviews, nobody, there.other.svc.cluster.local]", "MSH2026 Lane/app/l spec.hosts[1]; MSH2026 Lane/app/l spec.hosts[2]")]
    public void Of_a_Lane(string spec, string expected)
    {
        Workload[] members =
        [
            Reviewer("r-1", "10.0.0.1"),
            Reviewer("r-2", "10.0.0.2") with { Labels = Reviewer("r-2", "").Labels.Add("lane", "blue") },
        ];
        var found = Analyze(
            $$$"""
            {{{Reviews}}}
            {apiVersion: v1, kind: Service, metadata: {name: there, namespace: other}, spec: {selector: {app: there}, ports: [{name: http, port: 80}]}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: l, namespace: app}, spec: {{{{spec}}}}}
            """,
            members);

        Assert.Equal(expected, string.Join("; ", found.Where(f => f.Code.StartsWith("MSH", StringComparison.Ordinal)).Select(Place)));
    }

    [Theory]
    [InlineData("v2", "MSH2025 VirtualService/app/v spec.http[0].route[1].destination.subset")]
    [InlineData("v1", "")]
    public void Of_a_route_to_a_subset_that_is_a_lane(string lane, string expected)
    {
        Workload[] members =
        [
            Reviewer("r-1", "10.0.0.1") with { Labels = Reviewer("r-1", "").Labels.Add("version", "v1") },
            Reviewer("r-2", "10.0.0.2") with { Labels = Reviewer("r-2", "").Labels.Add("version", "v2") },
            Reviewer("r-3", "10.0.0.3") with { Labels = Reviewer("r-3", "").Labels.Add("version", "v1").Add("lane", "v1") },
        ];
        var found = Analyze(
            $$$"""
            {{{Reviews}}}
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: r, namespace: app}, spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: app}, spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]}]}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: l, namespace: app}, spec: {labels: { {{{(lane == "v2" ? "version: v2" : "lane: v1")}}} } } }
            """,
            members);

        Assert.Equal(expected, string.Join("; ", found.Where(f => f.Code.StartsWith("MSH", StringComparison.Ordinal)).Select(Place)));
    }

    private static Workload Reviewer(string name, string address) => new()
    {
        Namespace = "app",
        Name = name,
        Address = address,
        Labels = ImmutableSortedDictionary<string, string>.Empty.Add("app", "reviews"),
    };

    private static void Check(string yaml, string expected) => Assert.Equal(
        expected, string.Join("; ", Analyze(yaml).Select(f => $"{f.Code} {f.Path}")));

    private static string Place(Violation finding) => $"{finding.Code} {finding.Resource} {finding.Path}";

    private static ImmutableArray<Violation> Analyze(string yaml, params Workload[] members) =>
        MeshAnalyzer.Analyze(SnapshotOf(yaml, members), knowsMembers: members.Length > 0);

    private static MeshSnapshot SnapshotOf(string yaml, params Workload[] members)
    {
        var review = ManifestReview.Of([("test.yaml", yaml)], "default");
        Assert.DoesNotContain(review.Findings, f => f.Code == Violation.SchemaCode);
        return MeshSnapshot.Empty with
        {
            Config = review.Resources.Select((r, i) => r with { CreatedOrdinal = i })
                .ToImmutableSortedDictionary(r => r.Key, r => r),
            Workloads = members.ToImmutableSortedDictionary(m => $"{m.Namespace}/{m.Name}", m => m, StringComparer.Ordinal),
        };
    }
}
