using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class IdentityMachineTests
{
    private const string Id = "spiffe://cluster.local/ns/shop/sa/cart";

    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_certificate_is_recorded_and_told_under_its_identity_and_node()
    {
        var (next, view) = IdentityMachine.Record(new IdentityState(), Id, "node/1", Signed(_now), 0.5, _now);

        Assert.Equal(("node/1", "0A", "CN=signer", 0L), (view.NodeId, view.Serial, view.Issuer, view.Generation));
        var change = Assert.Single(next.Entries.ChangesAfter(0));
        Assert.Equal($"identity/{Id}|node/1", change.Key);
        Assert.Equal(
            new IdentityRecord(Id, "node/1", "0A", "CN=signer", view.NotBefore, view.NotAfter, view.RotateAt, 0),
            SnapshotPayload.ReadIdentity(change.Payload!));
    }

    [Theory]
    [InlineData(0.0, "11:45:36")] // 49 % of 24 h
    [InlineData(0.5, "12:00:00")]
    [InlineData(0.999999999, "12:14:24")] // 51 %
    public void Rotation_is_due_at_half_life_give_or_take_one_percent(double chance, string expected)
    {
        var (_, view) = IdentityMachine.Record(new IdentityState(), Id, "n", Signed(_now), chance, _now);

        var share = view.RotateAt - view.NotBefore;
        var difference = share - TimeSpan.Parse(expected, CultureInfo.InvariantCulture);
        Assert.InRange(difference, TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_rotation_tells_every_certificate_with_a_newer_generation_than_its_own()
    {
        var state = Record(Record(new IdentityState(), "n1"), "n2");

        var (next, count) = IdentityMachine.Rotate(state, Id, _now);

        Assert.Equal(2, count);
        var told = next.Entries.ChangesAfter(state.Entries.Version).Select(c => SnapshotPayload.ReadIdentity(c.Payload!));
        Assert.Equal([("n1", 1L), ("n2", 1L)], told.Select(r => (r.NodeId, r.Generation)));
        Assert.All(next.Certificates.Values, c => Assert.Equal(0, c.Generation));
    }

    [Fact]
    public void A_certificate_issued_after_a_rotation_is_of_the_new_generation()
    {
        var (rotated, _) = IdentityMachine.Rotate(Record(new IdentityState(), "n1"), Id, _now);

        var (next, view) = IdentityMachine.Record(rotated, Id, "n1", Signed(_now), 0.5, _now);

        Assert.Equal(1, view.Generation);
        Assert.Equal(1, SnapshotPayload.ReadIdentity(next.Entries.Held.Values.Single().Payload!).Generation);
    }

    [Fact]
    public void The_next_certificate_of_a_node_takes_the_place_of_the_one_before()
    {
        var (next, _) = IdentityMachine.Record(
            Record(new IdentityState(), "n1"), Id, "n1", Signed(_now) with { Serial = "0B" }, 0.5, _now);

        Assert.Equal("0B", Assert.Single(IdentityMachine.List(next, _now)).Serial);
    }

    [Fact]
    public void Expired_certificates_are_not_listed_and_go_with_the_next_change()
    {
        var state = Record(new IdentityState(), "old");
        var later = _now.AddHours(24);

        var (next, _) = IdentityMachine.Record(state, Id, "new", Signed(later), 0.5, later);

        Assert.Empty(IdentityMachine.List(state, later));
        Assert.Equal(["new"], next.Certificates.Keys);
        var removal = next.Entries.ChangesAfter(state.Entries.Version).Single(c => c.Payload is null);
        Assert.Equal($"identity/{Id}|old", removal.Key);
    }

    [Fact]
    public void An_identity_is_in_use_at_a_thousand_nodes_at_most()
    {
        var state = new IdentityState
        {
            Certificates = ImmutableDictionary.CreateRange(Enumerable
                .Range(0, IdentityMachine.MaxNodes)
                .Select(i => KeyValuePair.Create(
                    $"n{i}", new CertificateView($"n{i}", "0A", "", _now, _now.AddHours(1), _now, 0)))),
        };

        Assert.NotNull(IdentityMachine.WhyNot(state, "one more", _now));
        Assert.Null(IdentityMachine.WhyNot(state, "n7", _now));
        Assert.Null(IdentityMachine.WhyNot(state, "one more", _now.AddHours(1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public void Node_ids_are_printable(string nodeId) => Assert.NotNull(IdentityMachine.WhyNot(new IdentityState(), nodeId, _now));

    private static IdentityState Record(IdentityState state, string node) =>
        IdentityMachine.Record(state, Id, node, Signed(_now), 0.5, _now).Next;

    private static SignResult.Signed Signed(DateTimeOffset from) => new(["leaf", "signer"], "0A", "CN=signer", from, from.AddHours(24));
}
