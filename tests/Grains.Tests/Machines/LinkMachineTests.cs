using MeshOrleans.Grains.Federation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class LinkMachineTests
{
    private const string Link = "west";

    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TrustDomain _domain = TrustDomain.Parse("west.local");
    private static readonly LinkTerms _terms = new("west.local", "10.1.0.1:15012", ["root"], "secret", "hash");

    [Fact]
    public void A_new_link_is_told_as_a_peer_without_its_secrets()
    {
        var change = Assert.Single(Established().Entries.ChangesAfter(0));

        Assert.Equal("peer/west", change.Key);
        Assert.DoesNotContain("secret", change.Payload);
        var peer = SnapshotPayload.ReadPeer(change.Payload!);
        Assert.Equal((Link, "west.local", "10.1.0.1:15012", null, null), (peer.Name, peer.TrustDomain, peer.Address, peer.LastSync, peer.Error));
    }

    [Fact]
    public void Imports_are_told_and_listed_with_the_peer()
    {
        var state = Import(Established(), _now, Service("a"), Service("b"));

        Assert.Equal(["import/west/shop/a", "import/west/shop/b", "peer/west"], Keys(state));
        Assert.Equal((_now, null, 2), (Peer(state).LastSync, Peer(state).Error, Peer(state).Imported.Length));
        Assert.Equal("shop/a", Peer(state).Imported[0]);
    }

    [Fact]
    public void What_is_no_longer_exported_goes()
    {
        var before = Import(Established(), _now, Service("a"), Service("b"));

        var after = Import(before, _now.AddMinutes(1), Service("b"));

        var removal = after.Entries.ChangesAfter(before.Entries.Version).Single(c => c.Payload is null);
        Assert.Equal("import/west/shop/a", removal.Key);
        Assert.Equal(["shop/b"], Peer(after).Imported.AsEnumerable());
    }

    [Fact]
    public void The_same_reading_again_is_told_only_when_its_age_would_mislead()
    {
        var state = Import(Established(), _now, Service("a"));

        Assert.Same(state, Import(state, _now + LinkMachine.SyncGrain - TimeSpan.FromTicks(1), Service("a")));
        var later = Import(state, _now + LinkMachine.SyncGrain, Service("a"));
        Assert.Equal(["peer/west"], later.Entries.ChangesAfter(state.Entries.Version).Select(c => c.Key));
    }

    [Fact]
    public void A_failure_keeps_what_was_imported_and_a_reading_clears_it()
    {
        var failed = LinkMachine.NoteFailure(Import(Established(), _now, Service("a")), Link, "connection refused");

        Assert.Contains("import/west/shop/a", Keys(failed));
        Assert.Equal(("connection refused", _now), (Peer(failed).Error, Peer(failed).LastSync));
        Assert.Same(failed, LinkMachine.NoteFailure(failed, Link, "connection refused"));
        Assert.Null(Peer(Import(failed, _now.AddSeconds(1), Service("a"))).Error);
    }

    [Fact]
    public void New_terms_keep_the_imports_unless_the_other_mesh_is_another()
    {
        var state = Import(Established(), _now, Service("a"));

        var moved = LinkMachine.Establish(state, Link, _terms with { Address = "10.1.0.2:15012" });
        var replaced = LinkMachine.Establish(state, Link, _terms with { TrustDomain = "other.local" });

        Assert.Equal(["import/west/shop/a", "peer/west"], Keys(moved));
        Assert.Equal(["peer/west"], Keys(replaced));
        Assert.Contains(replaced.Entries.ChangesAfter(state.Entries.Version), c => c is { Key: "import/west/shop/a", Payload: null });
        Assert.Null(Peer(replaced).LastSync);
    }

    [Fact]
    public void A_removed_link_leaves_nothing_but_its_version()
    {
        var state = Import(Established(), _now, Service("a"));

        var removed = LinkMachine.Remove(state);

        Assert.Null(removed.Terms);
        Assert.Empty(Keys(removed));
        Assert.All(removed.Entries.ChangesAfter(state.Entries.Version), c => Assert.Null(c.Payload));
        Assert.Equal(2, removed.Entries.ChangesAfter(state.Entries.Version).Length);
        Assert.True(removed.Entries.Version > state.Entries.Version);
    }

    [Fact]
    public void Failures_of_a_link_that_is_not_there_are_passed_over()
    {
        var absent = new LinkState();

        Assert.Same(absent, LinkMachine.NoteFailure(absent, Link, "x"));
        Assert.Same(absent, LinkMachine.Remove(absent));
    }

    private static LinkState Established() => LinkMachine.Establish(new LinkState(), Link, _terms);

    private static LinkState Import(LinkState state, DateTimeOffset now, params ImportedService[] services) =>
        LinkMachine.Import(state, Link, ["root"], [.. services], now);

    private static ImportedService Service(string name) =>
        new(Link, "shop", name, [new ImportedPort("http", 80, 8080, "http")], [LinkRulesTests.Endpoint(_domain)]);

    private static IEnumerable<string> Keys(LinkState state) =>
        state.Entries.Held.Where(e => e.Value.Payload is not null).Select(e => e.Key).Order(StringComparer.Ordinal);

    private static PeerRecord Peer(LinkState state) => SnapshotPayload.ReadPeer(state.Entries.Held["peer/west"].Payload!);
}
