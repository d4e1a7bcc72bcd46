using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class ResourceStatusTests
{
    private const string Mesh = """
        {apiVersion: v1, kind: Service, metadata: {name: b, namespace: app}, spec: {selector: {app: b}, ports: [{name: http, port: 80}, {name: tcp, port: 90}, {name: tls, port: 443}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: c, namespace: other}, spec: {selector: {app: c}, ports: [{name: http, port: 80}]}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: app, labels: {exposed: "yes"}}}
        ---
        {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, namespace: infra}, spec: {gatewayClassName: mesh, listeners: [
          {name: http, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {exposed: "yes"}}}}},
          {name: own, port: 81, protocol: HTTP},
          {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: secrets}]}, allowedRoutes: {namespaces: {from: All}}},
          {name: bytes, port: 9000, protocol: TCP, allowedRoutes: {namespaces: {from: All}}},
          {name: through, port: 8443, protocol: TLS, hostname: "*.example", tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}},
          {name: ended, port: 9443, protocol: TLS, hostname: "*.example", tls: {certificateRefs: [{name: cert}]}, allowedRoutes: {namespaces: {from: All}, kinds: [{kind: TCPRoute}, {kind: UDPRoute}]}}]}}
        ---
        {apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: foreign}, spec: {controllerName: example.com/other}}
        ---
        {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: foreign, namespace: infra}, spec: {gatewayClassName: foreign, listeners: [{name: http, port: 80, protocol: HTTP}]}}
        ---

        """;

    [Theory]
    [InlineData("{group: '', kind: Service, name: b}", "", "{name: b, port: 80}", "Accepted")]
    [InlineData("{group: '', kind: Service, name: z}", "", "{name: b, port: 80}", "not Accepted: NoMatchingParent")]
    [InlineData("{group: '', kind: Service, name: b}", "", "{name: z, port: 80}", "not ResolvedRefs: BackendNotFound")]
    [InlineData("{group: '', kind: Service, name: b}", "", "{name: b, port: 80, kind: Bucket, group: x}", "not ResolvedRefs: InvalidKind")]
    [InlineData("{group: '', kind: Service, name: b}", "", "{name: c, namespace: other, port: 80}", "Accepted")]
    [InlineData("{name: edge, namespace: infra}", "", "{name: b, port: 80}", "Accepted")]
    [InlineData("{name: edge, namespace: infra}", "", "{name: c, namespace: other, port: 80}", "not ResolvedRefs: RefNotPermitted")]
    [InlineData("{name: nobody, namespace: infra}", "", "{name: b, port: 80}", "not Accepted: NoMatchingParent")]
    [InlineData("{name: edge, namespace: infra, sectionName: nobody}", "", "{name: b, port: 80}", "not Accepted: NoMatchingParent")]
    [InlineData("{name: edge, namespace: infra, sectionName: own}", "", "{name: b, port: 80}", "not Accepted: NotAllowedByListeners")]
    [InlineData("{name: edge, namespace: infra, port: 80}", "hostnames: [a.test], ", "{name: b, port: 80}", "not Accepted: NoMatchingListenerHostname")]
    [InlineData("{name: foreign, namespace: infra}", "", "{name: b, port: 80}", "")]
    [InlineData("{kind: Mesh, group: example, name: x}", "", "{name: b, port: 80}", "")]
    public void Of_an_HTTPRoute(string parent, string hostnames, string backend, string expected)
    {
        var (status, route) = Of($"{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: r, namespace: app}}, spec: {{parentRefs: [{parent}], {hostnames}rules: [{{backendRefs: [{backend}]}}]}}}}");

        Assert.Equal(expected, status.Summary(route));
    }

    [Theory]
    [InlineData("TLSRoute", "{name: edge, namespace: infra}", "a.example", "{name: b, port: 443}", "Accepted")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra}", "a.test", "{name: b, port: 443}", "not Accepted: NoMatchingListenerHostname")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra, sectionName: bytes}", "a.example", "{name: b, port: 443}", "not Accepted: NotAllowedByListeners")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra, sectionName: ended}", "a.example", "{name: b, port: 443}", "not Accepted: NotAllowedByListeners")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra, sectionName: https}", "a.example", "{name: b, port: 443}", "not Accepted: NotAllowedByListeners")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra, port: 1}", "a.example", "{name: b, port: 443}", "not Accepted: NoMatchingParent")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra}", "a.example", "{name: b, port: 444}", "not ResolvedRefs: BackendNotFound")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra}", "a.example", "{name: b, port: 443, kind: Bucket, group: x}", "not ResolvedRefs: InvalidKind")]
    [InlineData("TLSRoute", "{name: edge, namespace: infra}", "a.example", "{name: c, namespace: other, port: 80}", "not ResolvedRefs: RefNotPermitted")]
    [InlineData("TLSRoute", "{name: foreign, namespace: infra}", "a.example", "{name: b, port: 443}", "")]
    [InlineData("TLSRoute", "{group: '', kind: Service, name: b}", "a.example", "{name: b, port: 443}", "Accepted")]
    [InlineData("TLSRoute", "{group: '', kind: Service, name: b, port: 90}", "a.example", "{name: b, port: 443}", "not Accepted: NoMatchingParent")]
    [InlineData("TCPRoute", "{name: edge, namespace: infra}", "", "{name: b, port: 90}", "Accepted")]
    [InlineData("TCPRoute", "{name: edge, namespace: infra, sectionName: ended}", "", "{name: b, port: 90}", "Accepted")]
    [InlineData("TCPRoute", "{name: edge, namespace: infra, sectionName: through}", "", "{name: b, port: 90}", "not Accepted: NotAllowedByListeners")]
    [InlineData("TCPRoute", "{group: '', kind: Service, name: b}", "", "{name: c, namespace: other, port: 80}", "Accepted")]
    [InlineData("TCPRoute", "{group: '', kind: Service, name: b, port: 80}", "", "{name: b, port: 90}", "not Accepted: NoMatchingParent")]
    [InlineData("TCPRoute", "{group: '', kind: Service, name: c, namespace: other}", "", "{name: b, port: 90}", "not Accepted: NoMatchingParent")]
    public void Of_a_route_of_connections(string kind, string parent, string host, string backend, string expected)
    {
        var (status, route) = Of(Connections(kind, "r", parent, host, backend));

        Assert.Equal(expected, status.Summary(route));
    }

    [Theory]
    [InlineData("TLSRoute", "{name: edge, namespace: infra}", "a.example")]
    [InlineData("TCPRoute", "{name: edge, namespace: infra}", "")]
    [InlineData("TLSRoute", "{group: '', kind: Service, name: b}", "a.example")]
    [InlineData("TCPRoute", "{group: '', kind: Service, name: b}", "")]
    public void A_route_of_connections_that_an_older_one_leaves_nothing_says_so(string kind, string parent, string host)
    {
        var (status, younger) = Of(string.Join("\n---\n", Connections(kind, "a", parent, host), Connections(kind, "b", parent, host)));

        Assert.Equal("Accepted", status.Summary(younger)); // as the API's conformance has it
        Assert.Contains($"{kind}/app/a is attached there, older, and takes its connections", status.AddToJson("{}", younger), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", false)]
    [InlineData("hostnames: ['*.one.example']", "hostnames: [a.one.example]", false)]
    [InlineData("hostnames: [a.one.example, b.example]", "hostnames: ['*.one.example', c.example]", false)]
    [InlineData("hostnames: ['*.one.example']", "hostnames: [one.example]", true)]
    [InlineData("hostnames: [a.example]", "hostnames: [b.example]", true)]
    public void Of_routes_of_requests_of_two_kinds_that_share_a_host_the_older_is_accepted(string older, string younger, bool areBoth)
    {
        const string Parent = "parentRefs: [{name: edge, namespace: infra, sectionName: http}]";
        var routes = string.Join("\n---\n",
            $"{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: a, namespace: app}}, spec: {{{Parent}, {(older.Length > 0 ? older + ", " : "")}rules: [{{backendRefs: [{{name: b, port: 80}}]}}]}}}}",
            $"{{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {{name: b, namespace: app}}, spec: {{{Parent}, {(younger.Length > 0 ? younger + ", " : "")}rules: [{{backendRefs: [{{name: b, port: 80}}]}}]}}}}");

        var (status, route) = Of(routes);

        Assert.Equal(areBoth ? "Accepted" : "not Accepted: Conflicted", status.Summary(route));
    }

    [Fact]
    public void A_route_whose_hosts_a_nearer_listener_has_is_accepted()
    {
        var (status, route) = Of("""
            {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: two, namespace: app}, spec: {gatewayClassName: mesh, listeners: [{name: wide, port: 80, protocol: HTTP, hostname: "*.example"}, {name: near, port: 80, protocol: HTTP, hostname: a.example}]}}
            ---
            {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: app}, spec: {parentRefs: [{name: two, sectionName: wide}], hostnames: [a.example], rules: [{backendRefs: [{name: b, port: 80}]}]}}
            """);

        Assert.Equal("Accepted", status.Summary(route));
        Assert.Contains("attached to wide, but its hostnames are those of nearer listeners", status.AddToJson("{}", route), StringComparison.Ordinal);
    }

    [Fact]
    public void A_listener_of_a_protocol_that_nobody_serves_is_told_and_the_others_are_open()
    {
        var (status, gateway) = Of("""
            {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: two, namespace: app}, spec: {gatewayClassName: mesh, listeners: [{name: dns, port: 53, protocol: TCP}, {name: udp, port: 53, protocol: UDP}, {name: own, port: 54, protocol: example.com/own}]}}
            """);

        var whole = System.Text.Json.JsonDocument.Parse(status.AddToJson("{}", gateway)).RootElement.GetProperty("status");
        var json = whole.GetProperty("listeners");
        Assert.Equal("ListenersNotValid", whole.GetProperty("conditions")[0].GetProperty("reason").GetString());
        Assert.Equal("True", whole.GetProperty("conditions")[0].GetProperty("status").GetString());
        Assert.Equal(
            ["dns True Accepted", "udp False UnsupportedProtocol", "own False UnsupportedProtocol"],
            json.EnumerateArray().Select(l => $"{l.GetProperty("name").GetString()} {l.GetProperty("conditions")[0].GetProperty("status").GetString()} {l.GetProperty("conditions")[0].GetProperty("reason").GetString()}"));
    }

    [Fact]
    public void A_grant_allows_what_it_names()
    {
        var (status, route) = Of("""
            {apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {name: g, namespace: other}, spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: app}], to: [{group: "", kind: Service, name: c}]}}
            ---
            {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: app}, spec: {parentRefs: [{name: edge, namespace: infra}], rules: [{backendRefs: [{name: c, namespace: other, port: 80}]}]}}
            """);

        Assert.Equal("Accepted", status.Summary(route));
    }

    [Fact]
    public void It_is_written_as_Kubernetes_does_and_can_be_applied_again()
    {
        var (status, route) = Of("{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: app}, spec: {parentRefs: [{group: '', kind: Service, name: b, port: 80}], rules: [{backendRefs: [{name: b, port: 80}]}]}}");

        Assert.Equal(
            """{"spec":1,"status":{"parents":[{"parentRef":{"group":"","kind":"Service","name":"b","port":80},"controllerName":"mesh.orleans.io/gateway-controller","conditions":[{"type":"Accepted","status":"True","observedGeneration":1,"reason":"Accepted","message":"routes requests to port 80 of b.app.svc.cluster.local"},{"type":"ResolvedRefs","status":"True","observedGeneration":1,"reason":"ResolvedRefs","message":"every backend exists"}]}]}}""",
            status.AddToJson("""{"spec":1}""", route));
        var again = ManifestReader.Read("r.yaml", status.AddToYaml(Model.Config.Manifests.ManifestText.ToYaml(route), route));
        Assert.Empty(again.Validated().Violations);
    }

    [Fact]
    public void Conditions_speak_of_the_generation_that_the_metadata_names()
    {
        var (status, route) = Of("{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: app}, spec: {parentRefs: [{group: '', kind: Service, name: b, port: 80}], rules: [{backendRefs: [{name: b, port: 80}]}]}}");
        var third = route with { Generation = 3 };

        using var json = System.Text.Json.JsonDocument.Parse(
            status.AddToJson(Model.Config.ConfigJson.Write(third), third));
        var yaml = status.AddToYaml(Model.Config.Manifests.ManifestText.ToYaml(third), third);

        Assert.Equal(3, json.RootElement.GetProperty("metadata").GetProperty("generation").GetInt64());
        Assert.False(json.RootElement.TryGetProperty("generation", out _));
        Assert.All(
            json.RootElement.GetProperty("status").GetProperty("parents")[0].GetProperty("conditions").EnumerateArray(),
            c => Assert.Equal(3, c.GetProperty("observedGeneration").GetInt64()));
        Assert.Contains("metadata:\n  generation: 3\n", yaml, StringComparison.Ordinal);
        Assert.Empty(ManifestReader.Read("r.yaml", yaml).Validated().Violations);
    }

    [Theory]
    [InlineData("", false, "NoResources")]
    [InlineData("gateway.networking.k8s.io/gateway-name", true, "Programmed")]
    public void A_Gateway_is_programmed_when_a_proxy_is_there(string label, bool holds, string reason)
    {
        const string Edge = "{name: edge, namespace: infra}";
        var (status, _) = Of(
            string.Join(
                "\n---\n",
                $"{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: r, namespace: app}}, spec: {{parentRefs: [{Edge}]}}}}",
                Connections("TLSRoute", "a", Edge, "a.example"),
                Connections("TLSRoute", "b", Edge, "b.example"),
                Connections("TCPRoute", "c", Edge, "")),
            label);
        var gateway = Resources("").Single(r => r.Key == new ConfigKey("KubernetesGateway", "infra", "edge"));

        using var json = System.Text.Json.JsonDocument.Parse(status.AddToJson("{}", gateway));
        var told = json.RootElement.GetProperty("status");
        var programmed = told.GetProperty("conditions").EnumerateArray().Single(c => c.GetProperty("type").GetString() == "Programmed");
        Assert.Equal((holds ? "True" : "False", reason), (programmed.GetProperty("status").GetString(), programmed.GetProperty("reason").GetString()));
        Assert.Equal(
            [
                "http 1 Accepted,ResolvedRefs HTTPRoute,GRPCRoute", "own 0 Accepted,ResolvedRefs HTTPRoute,GRPCRoute",
                "https 1 Accepted HTTPRoute,GRPCRoute", "bytes 1 Accepted,ResolvedRefs TCPRoute",
                "through 2 Accepted,ResolvedRefs TLSRoute", "ended 1 Accepted TCPRoute",
            ],
            told.GetProperty("listeners").EnumerateArray().Select(l =>
                $"{l.GetProperty("name")} {l.GetProperty("attachedRoutes")} "
                + string.Join(',', l.GetProperty("conditions").EnumerateArray()
                    .Where(c => c.GetProperty("status").GetString() == "True" && c.GetProperty("type").GetString() != "Programmed")
                    .Select(c => c.GetProperty("type")))
                + " " + string.Join(',', l.GetProperty("supportedKinds").EnumerateArray().Select(k => k.GetProperty("kind")))));
        var ended = told.GetProperty("listeners")[5].GetProperty("conditions").EnumerateArray();
        Assert.Equal(
            ["Accepted True Accepted", "ResolvedRefs False InvalidRouteKinds", $"Programmed {holds} {reason}"],
            ended.Select(c => $"{c.GetProperty("type")} {c.GetProperty("status")} {c.GetProperty("reason")}"));
    }

    private static string Connections(string kind, string name, string parent, string host, string backend = "{name: b, port: 90}") =>
        $"{{apiVersion: gateway.networking.k8s.io/v1alpha2, kind: {kind}, metadata: {{name: {name}, namespace: app}}, spec: {{parentRefs: [{parent}], "
        + (host.Length > 0 ? $"hostnames: [{host}], " : "") + $"rules: [{{backendRefs: [{backend}]}}]}}}}";

    private static (ResourceStatus Status, ConfigResource Last) Of(string yaml, string label = "")
    {
        var resources = Resources(yaml);
        var gateway = new Workload
        {
            Namespace = "infra",
            Name = "gw-1",
            Address = "10.0.0.9",
            Labels = label.Length > 0
                ? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(label, "edge")
                : ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
        };
        var snapshot = MeshSnapshot.Empty with
        {
            Config = resources.ToImmutableSortedDictionary(r => r.Key, r => r),
            Workloads = MeshSnapshot.Empty.Workloads.Add("infra/gw-1", gateway),
        };
        return (new ResourceStatus(() => snapshot), resources[^1]);
    }

    private static ImmutableArray<ConfigResource> Resources(string yaml)
    {
        var manifest = ManifestReader.Read("test.yaml", Mesh + yaml, "default");
        Assert.False(manifest.HasErrors, string.Join('\n', manifest.Violations.Select(v => $"{v.Path} {v.Message}")));
        return [.. manifest.Resources.Select(r => r.Resource)];
    }
}
