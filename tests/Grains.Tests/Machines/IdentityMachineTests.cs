using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class IdentityMachineTests
{
    private const string Id = "spiffe://cluster.local/ns/shop/sa/cart";

    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ImmutableArray<byte> _serial = [.. Enumerable.Repeat((byte)0x41, 16)];

    [Fact]
    public void A_certificate_is_recorded_and_told_under_its_identity_and_node()
    {
        var (next, answer) = Sign(new IdentityState(), "node/1", Signed(_now), 0.5, _now);

        var view = answer.View;
        Assert.Equal(("node/1", "0A", "CN=signer", 0L), (view.NodeId, view.Serial, view.Issuer, view.Generation));
        var change = Assert.Single(next.Entries.ChangesAfter(0));
        Assert.Equal($"identity/{Id}|node/1", change.Key);
        Assert.Equal(
            new IdentityRecord(
                Id, "node/1", "0A", "CN=signer", view.NotBefore, view.NotAfter, view.RotateAt, 0, view.IssuedAt, "", 0),
            SnapshotPayload.ReadIdentity(change.Payload!));
    }

    [Theory]
    [InlineData(0.0, "11:45:36")] // 49 % of 24 h
    [InlineData(0.5, "12:00:00")]
    [InlineData(0.999999999, "12:14:24")] // 51 %
    public void Rotation_is_due_at_half_life_give_or_take_one_percent(double chance, string expected)
    {
        var (_, answer) = Sign(new IdentityState(), "n", Signed(_now), chance, _now);

        var view = answer.View;
        var share = view.RotateAt - view.NotBefore;
        var difference = share - TimeSpan.Parse(expected, CultureInfo.InvariantCulture);
        Assert.InRange(difference, TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_rotation_tells_every_certificate_with_a_newer_generation_than_its_own()
    {
        var state = Record(Record(new IdentityState(), "n1"), "n2");

        var (next, count) = IdentityMachine.Rotate(state, Id, TimeSpan.Zero, new Drawn(0.5), _now);

        Assert.Equal(2, count);
        var told = next.Entries.ChangesAfter(state.Entries.Version).Select(c => SnapshotPayload.ReadIdentity(c.Payload!));
        Assert.Equal([("n1", 1L), ("n2", 1L)], told.Select(r => (r.NodeId, r.Generation)));
        Assert.All(next.Certificates.Values, c => Assert.Equal(0, c.Generation));
    }

    [Fact]
    public void A_certificate_issued_after_a_rotation_is_of_the_new_generation()
    {
        var (rotated, _) = IdentityMachine.Rotate(Record(new IdentityState(), "n1"), Id, TimeSpan.Zero, new Drawn(0.5), _now);

        var (next, answer) = Sign(rotated, "n1", Signed(_now), 0.5, _now);

        Assert.Equal(1, answer.View.Generation);
        Assert.Equal(1, SnapshotPayload.ReadIdentity(next.Entries.Held.Values.Single().Payload!).Generation);
    }

    [Fact]
    public void The_next_certificate_of_a_node_takes_the_place_of_the_one_before()
    {
        var (next, _) = Sign(
            Record(new IdentityState(), "n1"), "n1", Signed(_now) with { Serial = "0B" }, 0.5, _now, csr: "other");

        Assert.Equal("0B", Assert.Single(IdentityMachine.List([next], _now)).Serial);
    }

    [Fact]
    public void Expired_certificates_are_not_listed_and_go_with_the_next_change()
    {
        var state = Record(new IdentityState(), "old");
        var later = _now.AddHours(24);

        var (next, _) = Sign(state, "new", Signed(later), 0.5, later);

        Assert.Empty(IdentityMachine.List([state], later));
        Assert.Equal(["new"], next.Certificates.Keys);
        var removal = next.Entries.ChangesAfter(state.Entries.Version).Single(c => c.Payload is null);
        Assert.Equal($"identity/{Id}|old", removal.Key);
    }

    [Fact]
    public void A_certificate_that_has_ended_is_known_for_a_week_with_the_one_before_it()
    {
        var (second, _) = Sign(Record(new IdentityState(), "n1"), "n1", Signed(_now) with { Serial = "0B" }, 0.5, _now, csr: "other");
        var end = _now.AddHours(24);
        var (later, _) = Sign(second, "n2", Signed(end) with { Serial = "0C" }, 0.5, end);
        var week = end + Model.Identity.EndedCertificateProof.LongestGrace;

        Assert.Equal("n1", IdentityMachine.OwnerOf([later], "0A"));
        Assert.Equal("n1", IdentityMachine.OwnerOf([later], "0B"));
        Assert.Equal(["n2"], IdentityMachine.List([later], end).Select(c => c.NodeId));
        Assert.Equal("n1", IdentityMachine.OwnerOf([IdentityMachine.Sweep(later, Id, week.AddSeconds(-1))], "0B"));
        Assert.Null(IdentityMachine.OwnerOf([IdentityMachine.Sweep(later, Id, week)], "0B"));
    }

    [Fact]
    public void After_the_next_certificate_the_one_that_had_ended_is_the_one_before_and_no_older_one_is_known()
    {
        var (second, _) = Sign(Record(new IdentityState(), "n1"), "n1", Signed(_now) with { Serial = "0B" }, 0.5, _now, csr: "other");
        var end = _now.AddHours(24);
        var swept = IdentityMachine.Sweep(second, Id, end);

        var (next, _) = Sign(swept, "n1", Signed(end) with { Serial = "0C" }, 0.5, end);

        Assert.Equal([null, "n1", "n1"], ((string[])["0A", "0B", "0C"]).Select(s => IdentityMachine.OwnerOf([next], s)));
    }

    [Fact]
    public void A_certificate_that_is_forgotten_is_not_known_after_its_end_either()
    {
        var ended = IdentityMachine.Sweep(Record(new IdentityState(), "n1"), Id, _now.AddHours(24));

        Assert.Equal("n1", IdentityMachine.OwnerOf([ended], "0A"));
        Assert.Null(IdentityMachine.OwnerOf([IdentityMachine.Forget(ended, Id, "0A", _now.AddHours(24))], "0A"));
    }

    [Fact]
    public void Of_those_that_have_ended_so_many_are_kept_and_none_under_a_name_that_was_made_up()
    {
        var state = Record(Record(new IdentityState(), "rest"), "agent~10.0.0.1");
        for (var i = 0; i < 2 * FormerMachine.MaxEnded; i++)
        {
            (state, _) = Sign(state, $"n{i}", Signed(_now.AddSeconds(i)) with { Serial = $"{i:X4}" }, 0.5, _now);
        }

        var ended = IdentityMachine.Sweep(state, Id, _now.AddDays(2));

        Assert.Equal(
            Enumerable.Range(FormerMachine.MaxEnded, FormerMachine.MaxEnded).Select(i => $"n{i}"), ended.Former.Select(c => c.NodeId));
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

        Assert.NotNull(IdentityMachine.WhyNot(state, [state], "one more", _now));
        Assert.Null(IdentityMachine.WhyNot(state, [state], "n7", _now));
        Assert.Null(IdentityMachine.WhyNot(state, [state], "one more", _now.AddHours(1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public void Node_ids_are_printable(string nodeId) => Assert.NotNull(IdentityMachine.WhyNot(new IdentityState(), [new IdentityState()], nodeId, _now));

    [Fact]
    public void A_reservation_counts_as_a_node_and_is_told_to_nobody()
    {
        var state = Enumerable.Range(0, IdentityMachine.MaxNodes).Aggregate(
            new IdentityState(), (s, i) => IdentityMachine.Reserve(s, Key($"n{i}"), _serial, _now).Next);

        Assert.NotNull(IdentityMachine.WhyNot(state, [state], "one more", _now));
        Assert.Null(IdentityMachine.WhyNot(state, [state], "n7", _now));
        Assert.Null(IdentityMachine.WhyNot(state, [state], "one more", _now + IssueMachine.Patience));
        Assert.Empty(state.Entries.ChangesAfter(0));
        Assert.Empty(IdentityMachine.List([state], _now));
    }

    [Fact]
    public void A_request_that_is_known_changes_nothing()
    {
        var state = Record(new IdentityState(), "n1");

        var (next, record) = IdentityMachine.Reserve(state, Key("n1"), _serial, _now);

        Assert.Same(state, next);
        Assert.Equal(state.Certificates["n1"], record.Answer!.View);
        Assert.Equal(["leaf", "signer"], record.Answer.ChainPem.AsEnumerable());
    }

    [Fact]
    public void A_reservation_that_was_refused_is_forgotten()
    {
        var (reserved, record) = IdentityMachine.Reserve(new IdentityState(), Key("n1"), _serial, _now);

        Assert.Empty(IdentityMachine.Release(reserved, record, _now).Requests);
    }

    [Fact]
    public void A_rotation_forgets_what_was_asked_before()
    {
        var (reserved, _) = IdentityMachine.Reserve(Record(new IdentityState(), "n1"), Key("n2"), _serial, _now);

        Assert.Empty(IdentityMachine.Rotate(reserved, Id, TimeSpan.Zero, new Drawn(0.5), _now).Next.Requests);
    }

    [Fact]
    public void What_is_remembered_leaves_with_its_certificate()
    {
        var later = _now.AddHours(24);
        var state = Record(Record(new IdentityState(), "n1"), "n2");

        var (next, _) = Sign(state, "n3", Signed(later), 0.5, later);

        Assert.Equal(["n1", "n2"], state.Requests.Select(r => r.Key.NodeId));
        Assert.Equal(["n3"], next.Requests.Select(r => r.Key.NodeId));
        Assert.Equal(["n3"], next.Certificates.Keys);
    }

    private static IdentityState Record(IdentityState state, string node) =>
        Sign(state, node, Signed(_now), 0.5, _now).Next;

    private static (IdentityState Next, IssueResult.Issued Answer) Sign(
        IdentityState state, string node, SignResult.Signed signed, double chance, DateTimeOffset now, string csr = "csr")
    {
        var (reserved, record) = IdentityMachine.Reserve(state, Key(node) with { CsrHash = csr }, _serial, now);
        return IdentityMachine.Record(reserved, Id, record, signed, presented: "", chance, now);
    }

    private static IssueKey Key(string node) => new(node, "csr", TimeSpan.FromHours(24), RootSequence: 1);

    private static SignResult.Signed Signed(DateTimeOffset from) => new(["leaf", "signer"], "0A", "CN=signer", from, from.AddHours(24));

    [Fact]
    public void A_rotation_that_is_spread_gives_each_certificate_a_moment_of_its_own()
    {
        var state = Record(Record(new IdentityState(), "n1"), "n2");

        var (next, _) = IdentityMachine.Rotate(state, Id, TimeSpan.FromMinutes(1), new Drawn(0.25, 0.75), _now);
        var (once, _) = Sign(next, "n1", Signed(_now), 0.5, _now);

        var told = Told(next);
        Assert.Equal([_now.AddSeconds(15), _now.AddSeconds(45)], told.Select(r => r.DueAt!.Value).Order());
        Assert.All(told, r => Assert.True(r.IsOutOfDate));
        Assert.Equal([false, true], Told(once).Select(r => r.IsOutOfDate));
        Assert.Equal([null, told[1].DueAt], Told(once).Select(r => r.DueAt));

        static List<IdentityRecord> Told(IdentityState state) =>
            [.. state.Entries.ChangesAfter(0).Select(c => SnapshotPayload.ReadIdentity(c.Payload!))];
    }

    private sealed class Drawn(params double[] numbers) : Model.IRandomSource
    {
        private int _next;

        public double NextDouble() => numbers[_next++ % numbers.Length];
    }
}
