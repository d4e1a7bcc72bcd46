using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

/// <summary>Wrong manifests as people write them: every fault is named, each on its line.</summary>
public sealed class WrongManifestTests
{
    [Fact]
    public void A_misspelt_field_is_named_with_the_one_that_was_meant() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: { name: a }
        spec:
          hosts: [a]
          http:
          - route:
            - destination: { host: a }
            timout: 3s
        """,
        (9, "spec.http[0].timout", "unknown field \"timout\"; did you mean \"timeout\"?"));

    [Fact]
    public void All_faults_of_all_documents_are_reported() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: Bad_Name
          labels:
            "a b": c
        spec:
          host: a
          trafficPolicy:
            connectionPool:
              tcp:
                maxConnections: many
        ---
        apiVersion: security.istio.io/v2
        kind: PeerAuthentication
        metadata: { name: p }
        spec:
          mtls:
            mode: STRICKT
        """,
        (4, "metadata.name", "name \"Bad_Name\" is no DNS-1123 subdomain: lower-case letters, digits and '-' or '.', a letter or digit at both ends"),
        (5, "metadata.labels", "label key \"a b\" is invalid"),
        (12, "spec.trafficPolicy.connectionPool.tcp.maxConnections", "must be a whole number, not text"),
        (14, "apiVersion", "unknown apiVersion \"security.istio.io/v2\": PeerAuthentication is written in security.istio.io/v1, security.istio.io/v1beta1"),
        (19, "spec.mtls.mode", "\"STRICKT\" is none of UNSET, DISABLE, PERMISSIVE, STRICT; did you mean STRICT?"));

    [Fact]
    public void An_unknown_kind_and_an_envoy_filter_are_refused() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualServise
        metadata: { name: a }
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: EnvoyFilter
        metadata: { name: a }
        spec: { configPatches: [] }
        """,
        (2, "kind", "unknown kind \"VirtualServise\"; did you mean VirtualService?"),
        (6, "kind", "EnvoyFilter is unsupported by this data plane, which is no Envoy: use VirtualService, DestinationRule, AuthorizationPolicy or Telemetry for what it should do"));

    [Fact]
    public void What_a_proxy_config_has_too_much_is_told_with_its_line() => Expect(
        """
        apiVersion: networking.istio.io/v1beta1
        kind: ProxyConfig
        metadata: { name: a }
        spec:
          image:
            imageTyp: debug
          environmentVariable: { A: b }
        """,
        (6, "spec.image.imageTyp", "unknown field \"imageTyp\"; did you mean \"imageType\"?"),
        (7, "spec.environmentVariable", "unknown field \"environmentVariable\"; did you mean \"environmentVariables\"?"));

    [Fact]
    public void A_route_of_datagrams_is_refused_as_such_and_not_for_its_name() => Expect(
        """
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: UDPRoute
        metadata: { name: a }
        spec: { rules: [] }
        """,
        (2, "kind", "UDPRoute is unsupported: this data plane carries no datagrams, which go past the mesh; use TCPRoute for what also speaks TCP"));

    [Fact]
    public void A_key_written_twice_is_refused() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: { name: a }
        spec:
          host: a
          subsets:
          - name: v1
          host: b
        """,
        (8, "", "duplicate key \"host\", first on line 5"));

    [Fact]
    public void A_resource_written_twice_is_refused() => Expect(
        """
        apiVersion: v1
        kind: Service
        metadata: { name: a }
        spec: { ports: [{ port: 80 }] }
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: a
        spec: { ports: [{ port: 81 }] }
        """,
        (9, "metadata.name", "Service/default/a is there twice in this manifest, first on line 3"));

    [Fact]
    public void A_tab_is_refused_by_its_line() => Expect(
        "apiVersion: v1\nkind: Service\nmetadata:\n\tname: a\n",
        (4, "", "a tab may not indent YAML: use spaces"));

    [Theory]
    [InlineData("a: b\nc: [1,\nd: e\n", 2)]
    [InlineData("a: \"x\nb: c\n", 1)]
    [InlineData("a: b\n c: d\n", 2)]
    [InlineData("a: b\nc\nd: e\n", 2)]
    public void A_fault_of_syntax_is_reported_near_its_line(string text, int line) =>
        Assert.InRange(Assert.Single(ManifestReader.Read("f", text).Violations).Line, line, line + 1);

    [Fact]
    public void Rules_and_types_are_reported_together_but_no_rule_looks_at_what_could_not_be_read() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: { name: a }
        spec:
          hosts: [a]
          http:
          - timeout: 0.5ms
            bogus: 1
            route:
            - destination: { host: a }
              weight: 1
            - destination:
                hots: b
              weight: -2
        """,
        (7, "spec.http[0].timeout", "duration must be greater than 1ms"),
        (8, "spec.http[0].bogus", "unknown field \"bogus\""),
        (12, "spec.http[0].route[1].destination.host", "destination host is required"),
        (13, "spec.http[0].route[1].destination.hots", "unknown field \"hots\"; did you mean \"host\"?"),
        (14, "spec.http[0].route[1].weight", "weight -2 < 0"));

    [Fact]
    public void Numbers_where_text_belongs_are_refused_with_the_way_to_write_them() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: { name: a, labels: { version: 1.0 } }
        spec:
          host: a
          subsets:
          - name: v1
            labels:
              version: 2
              canary: true
          trafficPolicy: { outlierDetection: { interval: 30 } }
        """,
        (3, "metadata.labels.version", "must be text, not the number 1.0: put it in quotes, \"1.0\""),
        (9, "spec.subsets[0].labels.version", "must be text, not the number 2: put it in quotes, \"2\""),
        (10, "spec.subsets[0].labels.canary", "must be text, not the word true: put it in quotes, \"true\""),
        (11, "spec.trafficPolicy.outlierDetection.interval", "must be text, not the number 30: put it in quotes, \"30\""));

    [Fact]
    public void Wrong_shapes_and_missing_names_are_refused() => Expect(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {}
        spec: []
        ---
        - 1
        ---
        kind: Service
        """,
        (3, "metadata.name", "name is required"),
        (4, "spec", "must be an object, not a list"),
        (6, "", "must be an object, not the number 1"),
        (8, "apiVersion", "apiVersion is required"),
        (8, "", "metadata with a name is required"),
        (8, "spec.ports", "a service must have at least one port"));

    [Fact]
    public void Faults_of_json_are_placed_too() => Expect(
        """
        {
          "apiVersion": "v1",
          "kind": "Service",
          "metadata": { "name": "a" },
          "spec": {
            "ports": [
              { "port": 80, "targtPort": 8080 },
              { "port": "81" }
            ],
            "ports": []
          }
        }
        """,
        (7, "spec.ports[0].targtPort", "unknown field \"targtPort\"; did you mean \"targetPort\"?"),
        (8, "spec.ports[1].port", "must be a whole number, not text"),
        (10, "", "duplicate key \"ports\", first on line 6"));

    private static void Expect(string text, params (int Line, string Path, string Message)[] faults)
    {
        var found = ManifestReader.Read("wrong.yaml", text).Validated().Violations;

        Assert.Equal(faults, found.Select(v => (v.Line, v.Path.Text, v.Message)));
        Assert.All(found, v => Assert.Equal(("wrong.yaml", "IST0106"), (v.File, v.Code)));
    }
}
