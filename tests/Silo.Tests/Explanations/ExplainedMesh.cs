using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Explanations;
using MeshOrleans.Silo.Manifests;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>A mesh of services a, b (two versions) and d (in namespace other), written as YAML, of which one may ask.</summary>
internal sealed record ExplainedMesh(MeshSnapshot Snapshot)
{
    private const string Services = """
        {apiVersion: v1, kind: Service, metadata: {name: a, namespace: app}, spec: {selector: {app: a}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: b, namespace: app}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}, {name: http-alt, port: 8888, targetPort: 8080}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: d, namespace: other}, spec: {selector: {app: d}, ports: [{name: http, port: 81, targetPort: 8080}]}}

        """;

    /// <summary>The mesh with further resources; the first written is the oldest.</summary>
    public static ExplainedMesh With(string yaml = "")
    {
        var manifest = ManifestReader.Read("test.yaml", Services + (yaml.Length > 0 ? "---\n" + yaml : ""), "app");
        Assert.True(!manifest.HasErrors, string.Join('\n', manifest.Violations.Select(v => $"{v.Path} {v.Message}")));
        var resources = manifest.Resources.Select((r, i) => r.Resource with { CreatedRevision = 1, CreatedOrdinal = i });
        Workload[] workloads =
        [
            Member("app", "a-1", "10.0.0.1", "v1"), Member("app", "b-1", "10.0.0.2", "v1"),
            Member("app", "b-2", "10.0.0.3", "v2"), Member("other", "d-1", "10.0.0.4", "v1"),
            Member("app", "bare-1", "10.0.0.5", "v1") with { HasSidecar = false, Identity = null },
        ];
        return new ExplainedMesh(MeshSnapshot.Empty with
        {
            Config = resources.ToImmutableSortedDictionary(r => r.Key, r => r),
            Workloads = workloads.ToImmutableSortedDictionary(w => $"{w.Namespace}/{w.Name}", w => w, StringComparer.Ordinal),
            Bundles = MeshSnapshot.Empty.Bundles.Add(
                "cluster.local", new TrustBundle(TrustDomain.Parse("cluster.local"), ["ROOT"], 1, IsLocal: true)),
        });
    }

    /// <summary>
    /// The mesh with gateways: istio-system/in-1, behind the service gw (80 is its port 8080, 443 its 8443), and
    /// istio-system/out-1, behind the service egw (80 is its port 8080).
    /// </summary>
    public static ExplainedMesh WithGateways(string yaml = "")
    {
        const string Fronts = """
            {apiVersion: v1, kind: Service, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}, {name: tcp, port: 9000}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: egw, namespace: istio-system}, spec: {selector: {istio: egressgateway}, ports: [{name: http2, port: 80, targetPort: 8080}]}}

            """;
        var mesh = With(Fronts + (yaml.Length > 0 ? "---\n" + yaml : ""));
        Workload[] gateways =
        [
            Gateway("in-1", "10.0.0.8", "ingressgateway"), Gateway("out-1", "10.0.0.9", "egressgateway"),
        ];
        return new ExplainedMesh(mesh.Snapshot with
        {
            Workloads = mesh.Snapshot.Workloads.AddRange(
                gateways.Select(w => KeyValuePair.Create($"{w.Namespace}/{w.Name}", w))),
        });
    }

    /// <summary>The mesh with another health of one member.</summary>
    public ExplainedMesh Where(string member, WorkloadHealth health) => new(Snapshot with
    {
        Workloads = Snapshot.Workloads.SetItem(member, Snapshot.Workloads[member] with { Health = health }),
    });

    /// <summary>The mesh with a member somewhere.</summary>
    public ExplainedMesh At(string member, string locality) => new(Snapshot with
    {
        Workloads = Snapshot.Workloads.SetItem(member, Snapshot.Workloads[member] with { Locality = Locality.Parse(locality) }),
    });

    /// <summary>What is told of a request of the member app/a-1.</summary>
    public Explanation Ask(string to, string path = "/", params (string Name, string Value)[] headers) => Ask(new ExplainRequest
    {
        From = "app/a-1",
        To = to,
        Path = path,
        Headers = Lines(headers),
    });

    /// <summary>The lines of a head as a question has them.</summary>
    public static ImmutableDictionary<string, StringValues> Lines(params (string Name, string Value)[] headers) =>
        headers.GroupBy(h => h.Name).ToImmutableDictionary(h => h.Key, h => new StringValues([.. h.Select(line => line.Value)]));

    /// <summary>What is told of a request.</summary>
    public Explanation Ask(ExplainRequest request)
    {
        var (call, errors) = new CallReader(Snapshot).Read(request);
        Assert.Empty(errors);
        var explanation = new RequestExplainer(Snapshot, TimeProvider.System).Explain(call!, out var refusal);
        Assert.Equal("", refusal);
        return explanation!;
    }

    private static Workload Gateway(string name, string address, string label) =>
        Member("istio-system", name, address, "v1") with
        {
            HasSidecar = false,
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("istio", label),
            InboundPorts = ImmutableSortedDictionary<int, int>.Empty,
        };

    private static Workload Member(string ns, string name, string address, string version)
    {
        var app = name[..name.IndexOf('-', StringComparison.Ordinal)];
        return new Workload
        {
            Namespace = ns,
            Name = name,
            Address = address,
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("app", app).Add("version", version),
            ServiceAccount = app,
            HasSidecar = true,
            InboundPorts = ImmutableSortedDictionary<int, int>.Empty.Add(8080, 18080),
            Identity = SpiffeId.Parse($"spiffe://cluster.local/ns/{ns}/sa/{app}"),
        };
    }
}
