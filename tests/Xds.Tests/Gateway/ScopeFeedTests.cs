using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Tests.Translation;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Whom a picture concerns: nobody else is woken.</summary>
public sealed class ScopeFeedTests
{
    private static readonly MeshSnapshot Mesh = TestMesh.Of(TestMesh.Services + Hidden, TestMesh.Workloads).Snapshot;

    private const string Hidden = """

        ---
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: hidden, namespace: other }
        spec:
          hosts: [ hidden.example ]
          exportTo: [ "." ]
          resolution: STATIC
          ports: [ { number: 80, name: http, protocol: HTTP } ]
          workloadSelector: { labels: { app: hidden } }
        """;

    private const string AutoScope = """

        ---
        kind: MeshConfig
        apiVersion: mesh.orleans.io/v1
        metadata: { name: default, namespace: istio-system }
        spec: { autoScope: true }
        """;

    private const string PrivateRoute = """
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: c, namespace: other }
        spec: { hosts: [ c ], exportTo: [ "." ], http: [ { timeout: 7s, route: [ { destination: { host: c } } ] } ] }
        """;

    private const string Udp = """
        kind: Service
        apiVersion: v1
        metadata: { name: dns, namespace: app }
        spec: { clusterIP: 10.96.0.53, selector: { app: dns }, ports: [ { port: 53, name: dns, protocol: UDP } ] }
        """;

    private const string Rule = """
        kind: DestinationRule
        apiVersion: networking.istio.io/v1
        metadata: { name: b, namespace: app }
        spec: { host: b.app.svc.cluster.local }
        """;

    private readonly Follower _follower = new();
    private PushPicture _newest = new(Mesh, MeshIndex.Of(Mesh), Revision: 1, ChangedAt: 0, Ordinal: 1);

    [Fact]
    public void A_member_of_a_service_in_sight_wakes()
    {
        var feed = Follow();
        var before = feed.Current!.Resources;

        Tell(feed, TestMesh.Workload("app", "b-3", "10.0.0.9", "app=b,version=v1"));

        Assert.Equal(1, _follower.Woken);
        Assert.NotSame(before!.Endpoints, feed.Current!.Resources!.Endpoints);
    }

    [Theory]
    [InlineData("other", "app=hidden")] // not exported to this namespace
    [InlineData("app", "app=nobody")] // of no service
    public void A_member_of_nothing_in_sight_does_not(string ns, string labels)
    {
        var feed = Follow();
        var before = feed.Current!.Resources;

        Tell(feed, TestMesh.Workload(ns, "x-1", "10.0.0.9", labels));

        Assert.Equal(0, _follower.Woken);
        Assert.Same(before, feed.Current!.Resources);
        Assert.Same(_newest, feed.Current.Picture); // it has followed all the same
    }

    [Theory]
    [InlineData("app", "app=b,version=v1", 1)]
    [InlineData("other", "app=c", 0)]
    public void Where_the_mesh_scopes_automatically_only_members_of_what_is_used_wake(string ns, string labels, int woken)
    {
        var mesh = TestMesh.Of(TestMesh.Services + AutoScope, TestMesh.Workloads).Snapshot;
        _newest = _newest with { Snapshot = mesh, Index = MeshIndex.Of(mesh) };
        var feed = Follow(["b.app.svc.cluster.local"]);

        Tell(feed, TestMesh.Workload(ns, "x-1", "10.0.0.9", labels));

        Assert.Equal(woken, _follower.Woken);
    }

    [Fact]
    public void A_revision_that_changes_nothing_here_is_told_without_waking()
    {
        var feed = Follow();

        _newest = _newest with { Revision = 2 };
        feed.Refresh(() => _newest);

        Assert.Equal(0, _follower.Woken);
        Assert.Equal((1, 2), Assert.Single(_follower.Raised));
    }

    [Theory]
    [InlineData(PrivateRoute)]
    [InlineData(Hidden)]
    public void Neither_does_what_somebody_else_sees(string manifest)
    {
        var feed = Follow();
        var before = feed.Current!.Resources;

        Put(feed, manifest, revision: 2);

        Assert.Equal(0, _follower.Woken);
        Assert.Same(before, feed.Current!.Resources);
        Assert.Equal((1, 2), Assert.Single(_follower.Raised));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void What_only_the_table_of_names_tells_wakes_where_somebody_asked_for_that_however_long_ago(bool isAsked, int woken)
    {
        var feed = Follow();
        if (isAsked) Assert.NotEmpty(feed.Current!.Translation!.Names.Resources);
        Put(feed, Hidden, revision: 2); // concerns nobody here
        Assert.Equal(0, _follower.Woken);

        Put(feed, Udp, revision: 3);

        Assert.Equal(woken, _follower.Woken);
    }

    [Fact]
    public void A_route_in_sight_wakes()
    {
        var feed = Follow();

        Put(feed, PrivateRoute.Replace("exportTo: [ \".\" ]", "exportTo: [ \"*\" ]", StringComparison.Ordinal), revision: 2);

        Assert.Equal(1, _follower.Woken);
        Assert.Empty(_follower.Raised);
    }

    [Fact]
    public void What_cannot_be_translated_does_not_count_as_a_revision()
    {
        var failures = 0;
        var feed = Follow(onFailed: () => failures++);

        Put(feed, Rule, revision: 2, rule => ((DestinationRule)rule) with { Subsets = default });

        Assert.Equal(1, failures);
        Assert.Equal(1, feed.Current!.Revision);
        Assert.Empty(_follower.Raised);
    }

    [Fact]
    public void Other_roots_wake()
    {
        var feed = Follow();
        _newest = _newest with { Snapshot = Mesh with { Bundles = Mesh.Bundles.Add("other.mesh", new TrustBundle(
            TrustDomain.Parse("other.mesh"), [], 1, IsLocal: false)) } };
        feed.Refresh(() => _newest);

        Assert.Equal(1, _follower.Woken);
    }

    [Fact]
    public void One_that_nobody_follows_is_given_up_for_ever()
    {
        var feed = Follow();
        Assert.False(feed.TryGiveUp());
        feed.Leave(_follower);

        Assert.True(feed.IsIdle);
        Assert.True(feed.TryGiveUp());
        Assert.False(feed.TryJoin(_follower));
    }

    private ScopeFeed Follow(ImmutableSortedSet<string>? used = null, Action? onFailed = null)
    {
        var feed = new ScopeFeed(
            TestMesh.Scope("app", "app=a") with { Used = used },
            (exception, _, _) => (onFailed ?? (() => throw exception))());
        Assert.True(feed.TryJoin(_follower));
        feed.Refresh(() => _newest);
        Assert.Equal(0, _follower.Woken); // who joins looks by himself
        return feed;
    }

    private void Tell(ScopeFeed feed, Workload workload)
    {
        var key = $"{workload.Namespace}/{workload.Name}";
        var snapshot = _newest.Snapshot with { Workloads = _newest.Snapshot.Workloads.SetItem(key, workload) };
        _newest = _newest with { Snapshot = snapshot, Index = _newest.Index.After(snapshot, MeshChange.Of($"workload/{key}")) };
        feed.Refresh(() => _newest);
    }

    private void Put(ScopeFeed feed, string manifest, long revision, Func<ConfigSpec, ConfigSpec>? spoil = null)
    {
        var resource = TestMesh.Of(manifest, []).Snapshot.Config.Values.Single();
        if (spoil is not null) resource = resource with { Spec = spoil(resource.Spec) };
        var snapshot = _newest.Snapshot with { Config = _newest.Snapshot.Config.SetItem(resource.Key, resource) };
        var index = _newest.Index.After(snapshot, MeshChange.Of($"config/{resource.Key}"));
        _newest = new PushPicture(snapshot, index, revision, ChangedAt: 0, _newest.Ordinal + 1);
        feed.Refresh(() => _newest);
    }

    private sealed class Follower : IFeedFollower
    {
        public int Woken { get; private set; }

        public List<(long From, long To)> Raised { get; } = [];

        public void Raise(long from, ScopeState state) => Raised.Add((from, state.Revision));

        public void Wake() => Woken++;
    }
}
