using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>What holds for every mesh.</summary>
public sealed class TranslationLawsTests
{
    private static readonly string[] Namespaces = RandomMesh.Namespaces;

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
    public void The_order_in_which_facts_arrive_does_not_matter(ProxyMode mode) =>
        Prop.ForAll(Meshes(), mesh =>
        {
            var (forward, backward) = (mesh.Snapshot(mesh.Facts), mesh.Snapshot(mesh.Facts.Reverse()));
            return Versions(forward, mode).SequenceEqual(Versions(backward, mode));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
    public void Translating_twice_gives_the_same_bytes(ProxyMode mode) =>
        Prop.ForAll(Meshes(), mesh =>
        {
            // Two snapshots that are equal and not the same, so that nothing is taken from a cache.
            var (first, second) = (Translate(mesh.Snapshot(mesh.Facts), mode), Translate(mesh.Snapshot(mesh.Facts), mode));
            return first.Groups.Zip(second.Groups).All(pair => pair.First.Resources.Zip(pair.Second.Resources)
                .All(r => r.First.AnyBytes.Span.SequenceEqual(r.Second.AnyBytes.Span)));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
    [InlineData(ProxyMode.Envoy, false)]
    public void Nothing_is_sent_that_its_kind_of_proxy_would_refuse(ProxyMode mode, bool hasFiles = true) =>
        Prop.ForAll(Meshes(), mesh =>
        {
            var scope = TestMesh.Of(Scope("app", ProxyMode.Sidecar), mode, hasFiles);
            var resources = SnapshotTranslator.Translate(new TranslationInput(mesh.Snapshot(mesh.Facts), scope));
            var faults = TestMesh.Faults(resources, mode);
            return faults.IsEmpty.Label(string.Join('\n', faults));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(ProxyMode.Sidecar)]
    [InlineData(ProxyMode.Proxyless)]
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
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
    [InlineData(ProxyMode.Envoy)]
    [InlineData(ProxyMode.Gateway)]
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
                isFine &= Namespaces.Zip(scopes).All(pair => IsFromScratch(snapshot, Scope(pair.First, mode), pair.Second));
            }

            return isFine && IsFromScratch(snapshot, Scope(Namespaces[0], mode), skipping.After(index));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_out_of_sight_makes_no_new_resources()
    {
        var mesh = TestMesh.Of(RandomMesh.Service("app", "a") + "\n---\n" + RandomMesh.Service("other", "b"), []);
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
        from member in RandomMesh.Member() select Put($"{SnapshotKey.Workload}{member.Namespace}/{member.Name}", SnapshotPayload.Write(member)),
        from place in Gen.Choose(0, 5) select Gone(place),
        from at in Gen.Elements(RandomMesh.Everywhere()) from weight in Gen.Choose(1, 5) select Applied(RandomMesh.Route(at.Ns, at.Name, weight)),
        from yaml in RandomMesh.AnyResource() select Applied(yaml));

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
    private static bool IsFromScratch(MeshSnapshot snapshot, ProxyScope scope, ScopeTranslation translation)
    {
        var anew = ScopeTranslation.Of(MeshIndex.Of(snapshot with { }), scope);
        var (scratch, resources) = (anew.Resources, translation.Resources);
        return scratch.Groups.Select(g => g.VersionInfo).SequenceEqual(resources.Groups.Select(g => g.VersionInfo))
            && scratch.Groups.Zip(resources.Groups).All(g => g.First.Resources.Zip(g.Second.Resources)
                .All(r => r.First.AnyBytes.Span.SequenceEqual(r.Second.AnyBytes.Span)))
            && anew.Names.VersionInfo == translation.Names.VersionInfo;
    }

    private static ProxyScope Scope(string ns, ProxyMode mode) =>
        TestMesh.Of(TestMesh.Scope(ns, "app=a,version=v1"), mode);

    private static ResourceSet Translate(MeshSnapshot snapshot, ProxyMode mode) => SnapshotTranslator.Translate(
        new TranslationInput(snapshot, Scope("app", mode)));

    private static IEnumerable<string> Versions(MeshSnapshot snapshot, ProxyMode mode) =>
        Translate(snapshot, mode).Groups.Select(g => g.VersionInfo);

    private static Arbitrary<RandomMesh> Meshes() => RandomMesh.Any().ToArbitrary();
}
