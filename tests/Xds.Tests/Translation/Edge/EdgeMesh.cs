using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation.Edge;

/// <summary>A mesh with a gateway in namespace istio-system, and what stands at its edge.</summary>
internal static class EdgeMesh
{
    /// <summary>The gateway proxy of all that is opened here.</summary>
    public static ProxyScope Gateway { get; } =
        TestMesh.Scope("istio-system", "app=gw,istio=ingressgateway") with { Mode = ProxyMode.Gateway };

    /// <summary>Every kind of server, and a route for each.</summary>
    public const string Manifests = """
        kind: Gateway
        apiVersion: networking.istio.io/v1
        metadata: { name: gw, namespace: istio-system }
        spec:
          selector: { istio: ingressgateway }
          servers:
          - { port: { number: 80, name: http, protocol: HTTP }, hosts: [ "*.example" ], tls: { httpsRedirect: true } }
          - { port: { number: 443, name: https, protocol: HTTPS }, hosts: [ "app/*.example" ], tls: { mode: SIMPLE, credentialName: cred } }
          - { port: { number: 443, name: mutual, protocol: HTTPS }, hosts: [ m.example.org ], tls: { mode: MUTUAL, credentialName: cred, subjectAltNames: [ "spiffe://x/y", client.example ], minProtocolVersion: TLSV1_3 } }
          - { port: { number: 443, name: files, protocol: HTTPS }, hosts: [ f.example.org ], tls: { mode: OPTIONAL_MUTUAL, serverCertificate: /c/crt, privateKey: /c/key, caCertificates: /c/ca, caCrl: /c/crl } }
          - { port: { number: 443, name: through, protocol: TLS }, hosts: [ "*.through.org" ], tls: { mode: PASSTHROUGH } }
          - { port: { number: 8443, name: mesh, protocol: HTTPS }, hosts: [ "*" ], tls: { mode: ISTIO_MUTUAL } }
          - { port: { number: 9000, name: bytes, protocol: TCP }, hosts: [ "*" ], bind: 10.9.9.9 }
          - { port: { number: 15443, name: open, protocol: TLS }, hosts: [ "*.app.svc.cluster.local" ], tls: { mode: AUTO_PASSTHROUGH } }
        ---
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: gwb, namespace: app }
        spec:
          hosts: [ b.example, m.example.org, f.example.org ]
          gateways: [ istio-system/gw, mesh ]
          http: [ { match: [ { uri: { prefix: /pub } } ], route: [ { destination: { host: b } } ] } ]
        ---
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: bytes, namespace: app }
        spec:
          hosts: [ "db.through.org", "*" ]
          gateways: [ istio-system/gw ]
          tls: [ { match: [ { port: 443, sniHosts: [ db.through.org ] } ], route: [ { destination: { host: b, port: { number: 9000 } } } ] } ]
          tcp: [ { match: [ { port: 9000 } ], route: [ { destination: { host: b }, weight: 90 }, { destination: { host: c.other.svc.cluster.local, port: { number: 7070 } }, weight: 10 }, { destination: { host: nowhere.example }, weight: 5 } ] } ]
        """;

    /// <summary>A mesh of all that.</summary>
    public static TestMesh Everything { get; } = TestMesh.With(Manifests);
}
