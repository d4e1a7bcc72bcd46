using MeshOrleans.Model.Topology;

namespace MeshOrleans.Xds.Tests.Translation.Envoy;

/// <summary>A mesh that has everything that a stock Envoy is told in its own way.</summary>
internal static class EnvoyMesh
{
    public const string Yaml = """
        kind: Service
        apiVersion: v1
        metadata: { name: a, namespace: app }
        spec: { selector: { app: a }, ports: [ { port: 80, name: http, targetPort: 8080 }, { port: 6379, name: redis } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: b, namespace: app }
        spec: { selector: { app: b }, ports: [ { port: 80, name: http, targetPort: 8080 }, { port: 9000, name: tcp } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: vip, namespace: app }
        spec: { clusterIP: 10.96.0.1, selector: { app: b }, ports: [ { port: 9000, name: tcp }, { port: 443, name: tls } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: db, namespace: app }
        spec: { clusterIP: None, selector: { app: db }, ports: [ { port: 5432, name: tcp } ] }
        ---
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: out, namespace: app }
        spec:
          hosts: [ shop.example ]
          resolution: DNS
          ports: [ { number: 443, name: https, protocol: HTTPS }, { number: 7000, name: tcp, protocol: TCP } ]
        ---
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: net, namespace: app }
        spec:
          hosts: [ net.example ]
          addresses: [ 198.51.100.9/24 ]
          resolution: NONE
          ports: [ { number: 7000, name: tcp, protocol: TCP } ]
        ---
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app }
        spec: { host: b, subsets: [ { name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } } ] }
        ---
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: { name: out, namespace: app }
        spec: { host: shop.example, trafficPolicy: { portLevelSettings: [ { port: { number: 7000 }, tls: { mode: SIMPLE } } ] } }
        ---
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: vip, namespace: app }
        spec:
          hosts: [ vip.app.svc.cluster.local ]
          tcp:
          - match: [ { port: 9000, sourceLabels: { app: other } } ]
            route: [ { destination: { host: nowhere } } ]
          - match: [ { port: 9000 } ]
            route:
            - { destination: { host: b, subset: v1, port: { number: 9000 } }, weight: 90 }
            - { destination: { host: b, subset: v2, port: { number: 9000 } }, weight: 10 }
          tls:
          - match: [ { port: 443, sniHosts: [ vip.app.svc.cluster.local ] } ]
            route: [ { destination: { host: vip.app.svc.cluster.local, port: { number: 443 } } } ]
        ---
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app }
        spec:
          hosts: [ b ]
          http: [ { route: [ { destination: { host: b, subset: v1 } } ], retries: { attempts: 3 }, corsPolicy: { allowOrigins: [ { exact: "http://x" } ] } } ]
        ---
        kind: PeerAuthentication
        apiVersion: security.istio.io/v1
        metadata: { name: a, namespace: app }
        spec: { selector: { matchLabels: { app: a } }, mtls: { mode: PERMISSIVE }, portLevelMtls: { 6379: { mode: STRICT }, 9999: { mode: STRICT } } }
        ---
        kind: AuthorizationPolicy
        apiVersion: security.istio.io/v1
        metadata: { name: a, namespace: app }
        spec:
          selector: { matchLabels: { app: a } }
          rules: [ { from: [ { source: { principals: [ cluster.local/ns/app/sa/b ] } } ] } ]
        """;

    public static TestMesh Mesh { get; } = TestMesh.Of(
        Yaml,
        [
            .. TestMesh.Workloads.Take(3),
            TestMesh.Workload("app", "db-0", "10.0.0.20", "app=db"),
            TestMesh.Workload("app", "db-1", "10.0.0.21", "app=db", sidecar: false) with { Health = WorkloadHealth.Unhealthy },
        ]);

    public static TestMesh With(string yaml) => TestMesh.Of(Yaml + "\n---\n" + yaml, Mesh.Snapshot.Workloads.Values);
}
