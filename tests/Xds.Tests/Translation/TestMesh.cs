using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Manifests;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>A small mesh that is written as YAML, and what its proxies get.</summary>
internal sealed record TestMesh(MeshSnapshot Snapshot)
{
    /// <summary>Services a and b in namespace app (b with two versions and a TCP port), and c in namespace other.</summary>
    public const string Services = """
        kind: Service
        apiVersion: v1
        metadata: { name: a, namespace: app }
        spec: { selector: { app: a }, ports: [ { port: 80, name: http, targetPort: 8080 } ] }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: b, namespace: app }
        spec:
          selector: { app: b }
          ports:
          - { port: 80, name: http, targetPort: 8080 }
          - { port: 9000, name: tcp-raw, targetPort: 9000 }
        ---
        kind: Service
        apiVersion: v1
        metadata: { name: c, namespace: other }
        spec: { selector: { app: c }, ports: [ { port: 80, name: http, targetPort: 8080 }, { port: 7070, name: grpc } ] }
        """;

    /// <summary>What runs a and both versions of b.</summary>
    public static ImmutableArray<Workload> Workloads { get; } =
    [
        Workload("app", "a-1", "10.0.0.1", "app=a"),
        Workload("app", "b-1", "10.0.0.2", "app=b,version=v1"),
        Workload("app", "b-2", "10.0.0.3", "app=b,version=v2"),
        Workload("other", "c-1", "10.0.0.4", "app=c"),
    ];

    /// <summary>The mesh of <see cref="Services"/> and <see cref="Workloads"/> with further resources.</summary>
    public static TestMesh With(string yaml) => Of(Services + "\n---\n" + yaml, Workloads);

    /// <summary>A mesh of resources, the first the oldest, and members.</summary>
    public static TestMesh Of(string yaml, IEnumerable<Workload> workloads, string ns = "app")
    {
        var manifest = ManifestReader.Read("test.yaml", yaml, ns);
        Assert.True(!manifest.HasErrors, string.Join('\n', manifest.Violations.Select(v => $"{v.Line}: {v.Path} {v.Message}")));
        var resources = manifest.Resources.Select((r, i) => r.Resource with { CreatedRevision = 1, CreatedOrdinal = i });
        return new TestMesh(MeshSnapshot.Empty with
        {
            Config = resources.ToImmutableSortedDictionary(r => r.Key, r => r),
            Workloads = workloads.ToImmutableSortedDictionary(w => $"{w.Namespace}/{w.Name}", w => w, StringComparer.Ordinal),
            Bundles = MeshSnapshot.Empty.Bundles.Add(
                "cluster.local", new TrustBundle(TrustDomain.Parse("cluster.local"), ["ROOT"], 1, IsLocal: true)),
        });
    }

    /// <summary>A member with a sidecar that listens on the workload port plus 10000.</summary>
    public static Workload Workload(string ns, string name, string address, string labels, bool sidecar = true) => new()
    {
        Namespace = ns,
        Name = name,
        Address = address,
        Labels = Labels(labels),
        ServiceAccount = Labels(labels)["app"],
        HasSidecar = sidecar,
        InboundPorts = sidecar ? ImmutableSortedDictionary<int, int>.Empty.Add(8080, 18080) : ImmutableSortedDictionary<int, int>.Empty,
        Identity = sidecar
            ? SpiffeId.Parse($"spiffe://cluster.local/ns/{ns}/sa/{Labels(labels)["app"]}")
            : null,
    };

    /// <summary>A sidecar's scope.</summary>
    public static ProxyScope Scope(string ns, string labels) => new()
    {
        Namespace = ns,
        ServiceAccount = Labels(labels)["app"],
        Labels = Labels(labels),
    };

    public TestMesh And(params Workload[] workloads) => new(Snapshot with
    {
        Workloads = Snapshot.Workloads.SetItems(workloads.Select(w => KeyValuePair.Create($"{w.Namespace}/{w.Name}", w))),
    });

    /// <summary>The scope of a gRPC program without sidecar.</summary>
    public static ProxyScope Proxyless(string ns = "app", string labels = "app=a") =>
        Scope(ns, labels) with { Mode = ProxyMode.Proxyless };

    /// <summary>The scope of a stock Envoy that has its certificates in files.</summary>
    public static ProxyScope Envoy(string ns = "app", string labels = "app=a", bool hasFiles = true) =>
        Of(Scope(ns, labels), ProxyMode.Envoy, hasFiles);

    /// <summary>The same workload with a proxy of another kind.</summary>
    public static ProxyScope Of(ProxyScope scope, ProxyMode mode, bool hasFiles = true)
    {
        var files = mode is ProxyMode.Envoy && hasFiles ? new CertificateFiles("/certs/chain", "/certs/key", "/certs/roots") : null;
        return scope with { Mode = mode, ClientFiles = files, ServerFiles = files };
    }

    /// <summary>The scope of a stock Envoy that follows its certificates.</summary>
    public static ProxyScope FollowingEnvoy(string ns = "app", string labels = "app=a")
    {
        var files = new SecretFiles("/certs/certificate.json", "/certs/roots.json");
        return Scope(ns, labels) with { Mode = ProxyMode.Envoy, ClientFiles = files, ServerFiles = files };
    }

    /// <summary>What a proxy gets; checked for everything that its kind would refuse.</summary>
    public Translated For(string ns = "app", string labels = "app=a") => For(Scope(ns, labels));

    /// <inheritdoc cref="For(string,string)"/>
    public Translated For(ProxyScope scope)
    {
        var resources = SnapshotTranslator.Translate(new TranslationInput(Snapshot, scope));
        Assert.Empty(Faults(resources, scope.Mode));
        return new Translated(resources);
    }

    /// <summary>What a proxy of a kind would refuse.</summary>
    public static ImmutableArray<string> Faults(ResourceSet resources, ProxyMode mode) => mode switch
    {
        ProxyMode.Proxyless => ProxylessCheck.Violations(resources),
        ProxyMode.Envoy => EnvoyCheck.Violations(resources),
        _ => ReferenceCheck.Violations(resources),
    };

    private static ImmutableSortedDictionary<string, string> Labels(string text) =>
        text.Split(',').Select(pair => pair.Split('=')).ToImmutableSortedDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
}

/// <summary>What a proxy gets, as messages.</summary>
internal sealed record Translated(ResourceSet Resources)
{
    public Cluster Cluster(string name) => Read<Cluster>(TypeUrls.Cluster, name);

    public ClusterLoadAssignment Endpoints(string name) => Read<ClusterLoadAssignment>(TypeUrls.ClusterLoadAssignment, name);

    public Listener Listener(string name) => Read<Listener>(TypeUrls.Listener, name);

    public RouteConfiguration Routes(int port) => Routes($"{port}");

    public RouteConfiguration Routes(string name) => Read<RouteConfiguration>(TypeUrls.RouteConfiguration, name);

    public VirtualHost Host(string name, int port = 80) =>
        Assert.Single(Routes(port).VirtualHosts, host => host.Name == $"{name}:{port}");

    /// <summary>The routes of b on port 80.</summary>
    public Google.Protobuf.Collections.RepeatedField<Route> RoutesOfB => Host("b.app.svc.cluster.local").Routes;

    public bool Has(string typeUrl, string name) => Resources.Group(typeUrl)!.Find(name) is not null;

    /// <summary>The chains of a workload port.</summary>
    public IReadOnlyList<FilterChain> Chains(int port) =>
        [.. Listener("virtualInbound").FilterChains.Where(c => c.FilterChainMatch.DestinationPort == port)];

    /// <summary>The HTTP settings of the first chain of a workload port.</summary>
    public HttpConnectionManager Manager(int port) =>
        Chains(port)[0].Filters[^1].TypedConfig.Unpack<HttpConnectionManager>();

    private T Read<T>(string typeUrl, string name)
        where T : Google.Protobuf.IMessage, new()
    {
        var resource = Resources.Group(typeUrl)!.Find(name);
        Assert.True(resource is not null, $"{name} is missing among: {string.Join(", ", Resources.Group(typeUrl)!.Resources.Select(r => r.Name))}");
        return resource!.ToAny().Unpack<T>();
    }
}
