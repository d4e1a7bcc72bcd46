using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

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

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    public void Going_on_from_before_gives_what_a_translation_from_scratch_gives(ProxyMode mode) =>
        Prop.ForAll(Meshes(), Steps().ListOf(6).ToArbitrary(), (mesh, steps) =>
        {
            var snapshot = mesh.Snapshot(mesh.Facts);
            var index = MeshIndex.Of(snapshot);
            var scopes = Namespaces.Select(ns => ScopeTranslation.Of(index, Scope(ns, mode))).ToArray();
            var (skipping, isFine) = (scopes[0], true);
            foreach (var step in steps)
            {
                var (key, next) = step(snapshot);
                index = index.After(next, MeshChange.Of(key));
                snapshot = next;
                scopes = [.. scopes.Select(s => s.After(index))];
                isFine &= Namespaces.Zip(scopes).All(pair => IsFromScratch(snapshot, Scope(pair.First, mode), pair.Second.Resources));
            }

            return isFine && IsFromScratch(snapshot, Scope(Namespaces[0], mode), skipping.After(index).Resources);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_out_of_sight_makes_no_new_resources()
    {
        var mesh = TestMesh.Of(Service("app", "a") + "\n---\n" + Service("other", "b"), []);
        var before = ScopeTranslation.Of(MeshIndex.Of(mesh.Snapshot), TestMesh.Scope("app", "app=a"));
        var stranger = TestMesh.Workload("third", "x", "10.0.0.9", "app=x");
        var member = TestMesh.Workload("app", "a-1", "10.0.0.1", "app=a");

        var others = mesh.And(stranger).Snapshot;
        var same = before.After(MeshIndex.Of(mesh.Snapshot).After(others, MeshChange.Of("workload/third/x")));
        var mine = mesh.And(member).Snapshot;
        var next = before.After(MeshIndex.Of(mesh.Snapshot).After(mine, MeshChange.Of("workload/app/a-1")));

        Assert.Same(before.Resources, same.Resources);
        Assert.NotSame(before.Resources.Endpoints, next.Resources.Endpoints);
        Assert.Same(before.Resources.Routes, next.Resources.Routes);
    }

    /// <summary>One thing that happens to a mesh: a member comes or changes, one goes, a route or anything else is applied.</summary>
    private static Gen<Func<MeshSnapshot, (string Key, MeshSnapshot Next)>> Steps() => Gen.OneOf(
        from member in Member() select Put($"{SnapshotKey.Workload}{member.Namespace}/{member.Name}", SnapshotPayload.Write(member)),
        from place in Gen.Choose(0, 5) select Gone(place),
        from at in Gen.Elements(Everywhere()) from weight in Gen.Choose(1, 5) select Applied(Route(at.Ns, at.Name, weight)),
        from at in Gen.Elements(Everywhere()) select Applied(Rule(at.Ns, at.Name)),
        from at in Gen.Elements(Everywhere()) select Applied(Narrow(at.Ns, at.Name)));

    private static Func<MeshSnapshot, (string, MeshSnapshot)> Put(string key, string payload) =>
        snapshot => (key, snapshot.Put(key, payload));

    private static Func<MeshSnapshot, (string, MeshSnapshot)> Gone(int place) => snapshot =>
        snapshot.Workloads.Keys.ElementAtOrDefault(place) is { } name
            ? ($"{SnapshotKey.Workload}{name}", snapshot.Remove($"{SnapshotKey.Workload}{name}"))
            : ($"{SnapshotKey.Workload}none/none", snapshot);

    private static Func<MeshSnapshot, (string, MeshSnapshot)> Applied(string yaml)
    {
        var resource = TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();
        return Put($"{SnapshotKey.Config}{resource.Key}", Model.Config.ConfigJson.Write(resource));
    }

    // A snapshot that is equal and not the same, so that nothing is taken from a cache.
    private static bool IsFromScratch(MeshSnapshot snapshot, ProxyScope scope, ResourceSet resources)
    {
        var scratch = SnapshotTranslator.Translate(new TranslationInput(snapshot with { }, scope));
        return scratch.Groups.Select(g => g.VersionInfo).SequenceEqual(resources.Groups.Select(g => g.VersionInfo))
            && scratch.Groups.Zip(resources.Groups).All(g => g.First.Resources.Zip(g.Second.Resources)
                .All(r => r.First.AnyBytes.Span.SequenceEqual(r.Second.AnyBytes.Span)));
    }

    private static ProxyScope Scope(string ns, ProxyMode mode) =>
        TestMesh.Scope(ns, "app=a,version=v1") with { Mode = mode };

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

    private static string Narrow(string ns, string name) => $$"""
        { kind: Sidecar, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { egress: [ { hosts: [ "./{{name}}.{{ns}}.svc.cluster.local" ] } ] } }
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
