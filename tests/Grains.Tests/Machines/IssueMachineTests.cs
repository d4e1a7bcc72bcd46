using System.Collections.Immutable;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class IssueMachineTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ImmutableArray<byte> _one = [.. Enumerable.Repeat((byte)0x41, 16)];
    private static readonly ImmutableArray<byte> _other = [.. Enumerable.Repeat((byte)0x42, 16)];
    private static readonly IssueKey _key = new("n1", "csr", TimeSpan.FromHours(24), RootSequence: 1);

    [Fact]
    public void A_request_that_is_new_is_reserved_with_its_serial_and_its_time()
    {
        var (next, record) = IssueMachine.Reserve([], _key, _one, _now);

        Assert.Equal(new IssueRecord(_key, new SerialReservation(_one, _now), Answer: null), record);
        Assert.Equal([record], next.AsEnumerable());
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(-9, true)] // reserved by a silo whose clock is ahead
    [InlineData(10, false)]
    [InlineData(-10, false)]
    public void A_reservation_waits_ten_minutes(int minutes, bool isKept)
    {
        var (requests, first) = IssueMachine.Reserve([], _key, _one, _now);

        var (next, second) = IssueMachine.Reserve(requests, _key, _other, _now.AddMinutes(minutes));

        Assert.Equal(isKept ? _one : _other, second.Reservation.Serial);
        Assert.Equal(isKept, ReferenceEquals(first, second));
        Assert.Equal([second], next.AsEnumerable());
    }

    [Fact]
    public void A_reservation_never_waits_for_more_than_half_of_the_lifetime()
    {
        var brief = _key with { Lifetime = TimeSpan.FromSeconds(20) };
        var (requests, _) = IssueMachine.Reserve([], brief, _one, _now);

        var before = IssueMachine.Reserve(requests, brief, _other, _now.AddSeconds(9)).Record;
        var after = IssueMachine.Reserve(requests, brief, _other, _now.AddSeconds(10)).Record;

        Assert.Equal((_one, _other), (before.Reservation.Serial, after.Reservation.Serial));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(719, true)]
    [InlineData(720, false)] // due
    [InlineData(-6, false)] // not valid yet: its clock was wrong
    public void An_answer_is_repeated_while_it_is_valid_and_not_due(int minutes, bool isRepeated)
    {
        var requests = Answered(_key);

        var (_, record) = IssueMachine.Reserve(requests, _key, _other, _now.AddMinutes(minutes));

        Assert.Equal(isRepeated, record.Answer is not null);
        Assert.Equal(isRepeated ? _one : _other, record.Reservation.Serial);
    }

    [Fact]
    public void Another_node_CSR_lifetime_or_root_makes_another_request()
    {
        IssueKey[] others =
        [
            _key with { NodeId = "n2" },
            _key with { CsrHash = "another" },
            _key with { Lifetime = TimeSpan.FromHours(25) },
            _key with { RootSequence = 2 },
        ];

        Assert.All(others, k => Assert.Equal(_other, IssueMachine.Reserve(Answered(_key), k, _other, _now).Record.Reservation.Serial));
    }

    [Fact]
    public void Of_one_node_the_last_four_requests_are_remembered()
    {
        var elsewhere = _key with { NodeId = "n2" };
        var requests = IssueMachine.Reserve([], elsewhere, _one, _now).Next;

        for (var i = 0; i < 6; i++) requests = IssueMachine.Reserve(requests, _key with { CsrHash = $"{i}" }, _one, _now).Next;

        Assert.Equal(["csr", "2", "3", "4", "5"], requests.Select(r => r.Key.CsrHash));
    }

    [Fact]
    public void What_is_forgotten_leaves_with_the_next_change()
    {
        var requests = Answered(_key);
        var later = _now.AddHours(12);

        var (next, record) = IssueMachine.Reserve(requests, _key with { NodeId = "n2" }, _other, later);

        Assert.Equal([record], next.AsEnumerable());
        Assert.Empty(IssueMachine.Release(next, record, later));
    }

    private static ImmutableArray<IssueRecord> Answered(IssueKey key)
    {
        var (requests, record) = IssueMachine.Reserve([], key, _one, _now);
        var view = new CertificateView(
            key.NodeId, "41", "CN=signer", _now.AddMinutes(-5), _now.AddHours(24), _now.AddHours(12), 0);
        return IssueMachine.Answer(requests, record, new IssueResult.Issued(["leaf", "signer"], view), _now);
    }
}
