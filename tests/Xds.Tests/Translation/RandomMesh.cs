using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>A generated mesh of every kind that a translation looks at: facts that can be put into a snapshot in any order.</summary>
internal sealed record RandomMesh(string[] Resources, Workload[] Members)
{
    public static readonly string[] Namespaces = ["app", "other"];
    private static readonly string[] Names = ["a", "b", "c"];

    public IEnumerable<(string Key, string Payload)> Facts
    {
        get
        {
            var mesh = Resources.Length == 0
                ? new TestMesh(MeshSnapshot.Empty)
                : TestMesh.Of(string.Join("\n---\n", Resources), []);
            foreach (var (key, resource) in mesh.Snapshot.Config) yield return ($"{SnapshotKey.Config}{key}", ConfigJson.Write(resource));
            foreach (var member in Members) yield return ($"{SnapshotKey.Workload}{member.Namespace}/{member.Name}", SnapshotPayload.Write(member));
        }
    }

    public static Gen<RandomMesh> Any() =>
        from services in Gen.SubListOf(Everywhere()).Select(l => l.ToList())
        from routed in Gen.SubListOf(Everywhere()).Select(l => l.ToList())
        from weight in Gen.Choose(1, 5)
        from others in AnyResource().ListOf(8)
        from members in Member().ListOf(6)
        select new RandomMesh(
            [
                .. services.Select(s => Service(s.Ns, s.Name)),
                .. routed.Select(s => Route(s.Ns, s.Name, weight)),
                .. others.DistinctBy(IdentityOf),
            ],
            [.. members.DistinctBy(m => m.Address)]);

    public static IEnumerable<(string Ns, string Name)> Everywhere() =>
        from ns in Namespaces from name in Names select (ns, name);

    public static Gen<Workload> Member() =>
        from ns in Gen.Elements(Namespaces)
        from name in Gen.Elements(Names)
        from number in Gen.Choose(1, 50)
        from sidecar in Gen.Elements(true, false)
        from health in Gen.Elements(WorkloadHealth.Healthy, WorkloadHealth.Unhealthy, WorkloadHealth.Draining)
        from zone in Gen.Elements("", "here/z1", "here/z2", "far/z1")
        select TestMesh.Workload(ns, $"{name}-{number}", $"10.0.0.{number}", $"app={name},version=v{1 + (number % 2)}", sidecar) with
        {
            Health = health,
            Locality = Locality.Parse(zone),
        };

    /// <summary>One resource that is no plain Service and no HTTP route.</summary>
    public static Gen<string> AnyResource() =>
        from at in Gen.Elements(Everywhere())
        from number in Gen.Choose(0, 3)
        from kind in Gen.Choose(0, 11)
        select kind switch
        {
            0 => Rule(at.Ns, at.Name, number),
            1 => Guard(at.Ns, at.Name, number),
            2 => Entry(at.Ns, at.Name, number),
            3 => External(at.Ns, at.Name, number),
            4 => Addressed(at.Ns, at.Name, number),
            5 => TcpRoute(at.Ns, at.Name, number),
            6 => Demand(at.Ns, at.Name, number),
            7 => TlsRoute(at.Ns, at.Name),
            8 => Opening(at.Ns, at.Name, number),
            9 => EdgeRoute(at.Ns, at.Name, number),
            10 => Lane(at.Ns, at.Name, number),
            _ => Narrow(at.Ns, at.Name),
        };

    public static string Service(string ns, string name) => Resource("Service", "v1", ns, name, $$"""
        selector: { app: {{name}} }, ports: [ { port: 80, name: http, targetPort: 8080 }, { port: 9000, name: tcp } ]
        """);

    public static string Route(string ns, string name, int weight) => Resource("VirtualService", Networking, ns, name, $$"""
        hosts: [ {{name}}, "{{name}}.example" ], http: [
            { match: [ { uri: { prefix: /x } } ], route: [ { destination: { host: {{name}}, subset: v1 }, weight: {{weight}} }, { destination: { host: a }, weight: 1 } ] },
            { route: [ { destination: { host: {{name}} } } ] } ]
        """);

    public MeshSnapshot Snapshot(IEnumerable<(string Key, string Payload)> facts) =>
        facts.Aggregate(MeshSnapshot.Empty, (snapshot, fact) => snapshot.Put(fact.Key, fact.Payload));

    public override string ToString() => string.Join('\n', Resources) + '\n' + string.Join('\n', Members.Select(m => m.ToString()));

    private const string Networking = "networking.istio.io/v1";
    private const string Security = "security.istio.io/v1";

    private static string Rule(string ns, string name, int number)
    {
        string[] policies =
        [
            "outlierDetection: { consecutive5xxErrors: 3 }, connectionPool: { http: { h2UpgradePolicy: UPGRADE, http2KeepAlive: { interval: 30s } } }",
            "tls: { mode: ISTIO_MUTUAL }",
            "tls: { mode: DISABLE }, loadBalancer: { consistentHash: { httpHeaderName: x } }",
            "tls: { mode: SIMPLE }, portLevelSettings: [ { port: { number: 9000 }, tls: { mode: ISTIO_MUTUAL } } ]",
        ];
        return Resource("DestinationRule", Networking, ns, name, $$"""
            host: {{name}}, trafficPolicy: { {{policies[number]}} }, subsets: [ { name: v1, labels: { version: v1 } } ]
            """);
    }

    private static string Guard(string ns, string name, int number)
    {
        string[] rules =
        [
            "action: ALLOW, rules: [ { from: [ { source: { namespaces: [ app ] } } ], to: [ { operation: { methods: [ GET ] } } ] } ]",
            "action: DENY, rules: [ { from: [ { source: { principals: [ \"*\" ] } } ], to: [ { operation: { ports: [ \"9000\" ] } } ] } ]",
            "action: ALLOW",
            "action: AUDIT, rules: [ { to: [ { operation: { paths: [ \"/x*\" ] } } ], when: [ { key: source.ip, values: [ 10.0.0.0/8 ] } ] } ]",
        ];
        return Resource("AuthorizationPolicy", Security, ns, name, $$"""
            selector: { matchLabels: { app: {{name}} } }, {{rules[number]}}
            """);
    }

    private static string Lane(string ns, string name, int number)
    {
        string[] specs =
        [
            "labels: { version: v2 }",
            $"labels: {{ app: {name} }}, hosts: [ {name} ], fallback: REFUSE",
            "labels: { version: v1 }, match: [ { headers: { x: { exact: y } } } ]",
            "labels: { version: v2, app: a }, hosts: [ a, b.example ], match: [ { authority: { prefix: a } } ], fallback: REFUSE",
        ];
        return Resource("Lane", "mesh.orleans.io/v1", ns, name, specs[number]);
    }

    /// <summary>A service inside of the mesh, with its members selected or written down.</summary>
    private static string Entry(string ns, string name, int number)
    {
        string[] members =
        [
            $"resolution: STATIC, workloadSelector: {{ labels: {{ app: {name} }} }}",
            $"resolution: STATIC, addresses: [ 240.0.0.1 ], workloadSelector: {{ labels: {{ app: {name} }} }}",
            "resolution: STATIC, endpoints: [ { address: 10.1.0.1, serviceAccount: x }, { address: 10.1.0.2, labels: { version: v1 } } ]",
            "resolution: DNS, endpoints: [ { address: inside.example } ]",
        ];
        return Resource("ServiceEntry", Networking, ns, "entry-" + name, $$"""
            hosts: [ {{name}}.example ], location: MESH_INTERNAL, {{members[number]}}, ports: [ { number: 80, name: http, protocol: HTTP }, { number: 9000, name: tcp, protocol: TCP }, { number: 443, name: tls, protocol: TLS } ]
            """);
    }

    private static string External(string ns, string name, int number)
    {
        string[] forms =
        [
            $"hosts: [ \"*.{name}.example\" ], resolution: NONE",
            $"hosts: [ out.{name}.example ], resolution: DNS",
            $"hosts: [ out.{name}.example ], resolution: DNS_ROUND_ROBIN",
            $"hosts: [ out.{name}.example ], addresses: [ 198.51.100.7/24, 198.51.100.9 ], resolution: NONE",
        ];
        return Resource("ServiceEntry", Networking, ns, "out-" + name, $$"""
            {{forms[number]}}, location: MESH_EXTERNAL, ports: [ { number: 9000, name: tcp, protocol: TCP }, { number: 443, name: https, protocol: HTTPS } ]
            """);
    }

    /// <summary>A service with a virtual address, or one whose clients choose the member.</summary>
    private static string Addressed(string ns, string name, int number) => Resource("Service", "v1", ns, $"{name}-tcp", $$"""
        clusterIP: {{(number == 0 ? "None" : $"10.96.0.{number}")}}, selector: { app: {{name}} }, ports: [ { port: 9000, name: tcp }, { port: 443, name: tls }, { port: 15001, name: tcp-odd } ]
        """);

    private static string TcpRoute(string ns, string name, int number)
    {
        string[] matches =
        [
            "route: [ { destination: { host: NAME }, weight: 1 }, { destination: { host: a.app.svc.cluster.local, port: { number: 9000 } }, weight: 3 } ]",
            "match: [ { port: 9000, destinationSubnets: [ 10.0.0.0/28, 10.0.0.7/28 ] } ], route: [ { destination: { host: NAME, subset: v1 } } ]",
            "match: [ { sourceLabels: { app: a } } ], route: [ { destination: { host: nowhere.example } } ]",
            "match: [ { sourceSubnet: 10.0.0.0/8 }, { gateways: [ mesh ] } ], route: [ { destination: { host: NAME } } ]",
        ];
        var route = matches[number].Replace("NAME", name, StringComparison.Ordinal);
        return Resource("VirtualService", Networking, ns, "l4-" + name, $$"""
            hosts: [ {{name}}, {{name}}-tcp, "out.{{name}}.example" ], tcp: [ { {{route}} } ]
            """);
    }

    private static string TlsRoute(string ns, string name) => Resource("VirtualService", Networking, ns, "sni-" + name, $$"""
        hosts: [ "*.{{name}}.example", {{name}}-tcp.{{ns}}.svc.cluster.local ], tls: [
            { match: [ { sniHosts: [ "out.{{name}}.example" ] } ], route: [ { destination: { host: out.{{name}}.example } } ] },
            { match: [ { sniHosts: [ "*.{{name}}.example", "OUT.{{name}}.example" ], port: 443 } ], route: [ { destination: { host: {{name}} } } ] } ]
        """);

    /// <summary>What opens ports on gateways that carry the labels of a workload.</summary>
    private static string Opening(string ns, string name, int number)
    {
        string[] servers =
        [
            "{ port: { number: 80, name: http, protocol: HTTP }, hosts: [ \"*.example\" ], tls: { httpsRedirect: true } }, { port: { number: 443, name: https, protocol: HTTPS }, hosts: [ \"app/*.example\" ], tls: { mode: MUTUAL, credentialName: cred } }",
            "{ port: { number: 80, name: http, protocol: HTTP }, hosts: [ \"*\" ] }, { port: { number: 443, name: tls, protocol: TLS }, hosts: [ \"*.a.example\" ], tls: { mode: PASSTHROUGH } }",
            "{ port: { number: 80, name: tcp, protocol: TCP }, hosts: [ \"*\" ] }, { port: { number: 443, name: https, protocol: HTTPS }, hosts: [ \"*\" ], tls: { mode: ISTIO_MUTUAL } }",
            "{ port: { number: 15443, name: tls, protocol: TLS }, hosts: [ \"*.local\" ], tls: { mode: AUTO_PASSTHROUGH } }",
        ];
        return Resource("Gateway", Networking, ns, name, $$"""
            selector: { app: a }, servers: [ {{servers[number]}} ]
            """);
    }

    private static string EdgeRoute(string ns, string name, int number)
    {
        string[] routes =
        [
            "http: [ { match: [ { uri: { prefix: /x } } ], route: [ { destination: { host: NAME } } ] } ]",
            "http: [ { route: [ { destination: { host: NAME } } ] } ]",
            "tcp: [ { route: [ { destination: { host: NAME }, weight: 1 }, { destination: { host: nowhere.example }, weight: 2 } ] } ]",
            "tls: [ { match: [ { sniHosts: [ \"NAME.a.example\", \"*.b.a.example\" ] } ], route: [ { destination: { host: NAME } } ] } ]",
        ];
        var route = routes[number].Replace("NAME", name, StringComparison.Ordinal);
        return Resource("VirtualService", Networking, ns, "edge-" + name, $$"""
            hosts: [ "{{name}}.a.example", "*.b.a.example" ], gateways: [ app/a, other/b, {{name}} ], {{route}}
            """);
    }

    private static string Demand(string ns, string name, int number)
    {
        string[] modes =
        [
            "mtls: { mode: STRICT }",
            "mtls: { mode: DISABLE }, portLevelMtls: { 8080: { mode: STRICT } }",
            "portLevelMtls: { 9000: { mode: STRICT }, 9999: { mode: DISABLE } }",
            "mtls: { mode: PERMISSIVE }, portLevelMtls: { 15006: { mode: STRICT } }",
        ];
        return Resource("PeerAuthentication", Security, ns, name, $$"""
            selector: { matchLabels: { app: {{name}} } }, {{modes[number]}}
            """);
    }

    private static string Narrow(string ns, string name) => Resource("Sidecar", Networking, ns, name, $$"""
        egress: [ { port: { number: 80, name: http, protocol: HTTP }, hosts: [ "./{{name}}.{{ns}}.svc.cluster.local", "*/*.example" ] }, { hosts: [ "./{{name}}.{{ns}}.svc.cluster.local", "*/{{name}}.example", "./a.{{ns}}.svc.cluster.local" ] } ]
        """);

    private static string Resource(string kind, string version, string ns, string name, string spec) =>
        $"{{ kind: {kind}, apiVersion: {version}, metadata: {{ name: {name}, namespace: {ns} }},\n  spec: {{ {spec} }} }}";

    private static string IdentityOf(string resource) => resource[..resource.IndexOf('\n', StringComparison.Ordinal)];
}
