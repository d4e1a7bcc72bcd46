using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Checks;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>What holds for every mesh.</summary>
public sealed class TranslationLawsTests
{
    private static readonly string[] Namespaces = ["app", "other"];
    private static readonly string[] Names = ["a", "b", "c"];

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    public void The_order_in_which_facts_arrive_does_not_matter(ProxyMode mode) =>
        Prop.ForAll(Meshes(), mesh =>
        {
            var (forward, backward) = (mesh.Snapshot(mesh.Facts), mesh.Snapshot(mesh.Facts.Reverse()));
            return Versions(forward, mode).SequenceEqual(Versions(backward, mode));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    public void Translating_twice_gives_the_same_bytes(ProxyMode mode) =>
        Prop.ForAll(Meshes(), mesh =>
        {
            // Two snapshots that are equal and not the same, so that nothing is taken from a cache.
            var (first, second) = (Translate(mesh.Snapshot(mesh.Facts), mode), Translate(mesh.Snapshot(mesh.Facts), mode));
            return first.Groups.Zip(second.Groups).All(pair => pair.First.Resources.Zip(pair.Second.Resources)
                .All(r => r.First.AnyBytes.Span.SequenceEqual(r.Second.AnyBytes.Span)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_is_sent_that_an_Envoy_would_refuse() =>
        Prop.ForAll(Meshes(), mesh =>
        {
            var faults = ReferenceCheck.Violations(Translate(mesh.Snapshot(mesh.Facts), ProxyMode.Sidecar));
            return faults.IsEmpty.Label(string.Join('\n', faults));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_is_sent_that_a_gRPC_program_would_refuse() =>
        Prop.ForAll(Meshes(), mesh =>
        {
            var faults = ProxylessCheck.Violations(Translate(mesh.Snapshot(mesh.Facts), ProxyMode.Proxyless));
            return faults.IsEmpty.Label(string.Join('\n', faults));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    public void Who_is_no_member_of_a_service_changes_nothing_for_others(ProxyMode mode) =>
        Prop.ForAll(Meshes(), mesh =>
        {
            var snapshot = mesh.Snapshot(mesh.Facts);
            var stranger = TestMesh.Workload("app", "stranger", "10.200.0.1", "app=stranger");
            return Versions(snapshot, mode).SequenceEqual(Versions(new TestMesh(snapshot).And(stranger).Snapshot, mode));
        }).QuickCheckThrowOnFailure();

    private static ResourceSet Translate(MeshSnapshot snapshot, ProxyMode mode) => SnapshotTranslator.Translate(
        new TranslationInput(snapshot, TestMesh.Scope("app", "app=a,version=v1") with { Mode = mode }));

    private static IEnumerable<string> Versions(MeshSnapshot snapshot, ProxyMode mode) =>
        Translate(snapshot, mode).Groups.Select(g => g.VersionInfo);

    private static Arbitrary<Mesh> Meshes()
    {
        var gen =
            from services in Gen.SubListOf(Everywhere()).Select(l => l.ToList())
            from routed in Gen.SubListOf(Everywhere()).Select(l => l.ToList())
            from ruled in Gen.SubListOf(Everywhere()).Select(l => l.ToList())
            from guarded in Gen.SubListOf(Everywhere()).Select(l => l.ToList())
            from members in Member().ListOf(6)
            from weight in Gen.Choose(1, 5)
            select new Mesh(
                [
                    .. services.Select(s => Service(s.Ns, s.Name)),
                    .. routed.Select(s => Route(s.Ns, s.Name, weight)),
                    .. ruled.Select(s => Rule(s.Ns, s.Name)),
                    .. guarded.Select(s => Guard(s.Ns, s.Name)),
                ],
                [.. members.DistinctBy(m => m.Address)]);
        return gen.ToArbitrary();
    }

    private static IEnumerable<(string Ns, string Name)> Everywhere() =>
        from ns in Namespaces from name in Names select (ns, name);

    private static Gen<Workload> Member() =>
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

    private static string Service(string ns, string name) => $$"""
        { kind: Service, apiVersion: v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { selector: { app: {{name}} }, ports: [ { port: 80, name: http, targetPort: 8080 }, { port: 9000, name: tcp } ] } }
        """;

    private static string Route(string ns, string name, int weight) => $$"""
        { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { hosts: [ {{name}}, "{{name}}.example" ], http: [
            { match: [ { uri: { prefix: /x } } ], route: [ { destination: { host: {{name}}, subset: v1 }, weight: {{weight}} }, { destination: { host: a }, weight: 1 } ] },
            { route: [ { destination: { host: {{name}} } } ] } ] } }
        """;

    private static string Rule(string ns, string name) => $$"""
        { kind: DestinationRule, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { host: {{name}}, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 3 } }, subsets: [ { name: v1, labels: { version: v1 } } ] } }
        """;

    private static string Guard(string ns, string name) => $$"""
        { kind: AuthorizationPolicy, apiVersion: security.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { selector: { matchLabels: { app: {{name}} } }, rules: [ { from: [ { source: { namespaces: [ {{ns}} ] } } ], to: [ { operation: { methods: [ GET ] } } ] } ] } }
        """;

    /// <summary>A generated mesh: facts that can be put into a snapshot in any order.</summary>
    private sealed record Mesh(string[] Resources, Workload[] Members)
    {
        public IEnumerable<(string Key, string Payload)> Facts
        {
            get
            {
                var mesh = Resources.Length == 0
                    ? new TestMesh(MeshSnapshot.Empty)
                    : TestMesh.Of(string.Join("\n---\n", Resources), []);
                foreach (var (key, resource) in mesh.Snapshot.Config) yield return ($"{SnapshotKey.Config}{key}", Model.Config.ConfigJson.Write(resource));
                foreach (var member in Members) yield return ($"{SnapshotKey.Workload}{member.Namespace}/{member.Name}", SnapshotPayload.Write(member));
            }
        }

        public MeshSnapshot Snapshot(IEnumerable<(string Key, string Payload)> facts) =>
            facts.Aggregate(MeshSnapshot.Empty, (snapshot, fact) => snapshot.Put(fact.Key, fact.Payload));

        public override string ToString() => string.Join('\n', Resources) + '\n' + string.Join('\n', Members.Select(m => m.ToString()));
    }
}
