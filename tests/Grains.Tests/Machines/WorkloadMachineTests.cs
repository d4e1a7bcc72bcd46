using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using static MeshOrleans.Grains.Tests.Machines.WorkloadSamples;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class WorkloadMachineTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly WorkloadState _absent = new();

    [Fact]
    public void A_member_that_joins_is_told_to_the_mesh()
    {
        var (next, result) = WorkloadMachine.Register(_absent, Name, Cart, _now);

        Assert.Equal(new RegisterResult.Registered(true, Cart.Lease), result);
        var change = Assert.Single(next.Entries.ChangesAfter(0));
        Assert.Equal(("workload/shop/cart-1", 1L), (change.Key, change.OwnerVersion));
        var told = SnapshotPayload.ReadWorkload(change.Payload!);
        Assert.Equal(("shop", "cart-1", "10.0.0.7", "cart", 2), (told.Namespace, told.Name, told.Address, told.ServiceAccount, told.Weight));
        Assert.Equal((8080, 40_000), (told.Ports["http"], told.DialPort(8080)));
        Assert.Equal("v1", told.Labels["version"]);
        Assert.Equal(new Locality("eu", "a", "1"), told.Locality);
        Assert.Equal((WorkloadHealth.Healthy, true, Cart.SpiffeId), (told.Health, told.HasSidecar, told.Identity!.ToString()));
    }

    [Fact]
    public void Registering_the_same_again_changes_nothing()
    {
        var state = Joined();

        var (next, result) = WorkloadMachine.Register(
            state, Name, Cart with { Labels = ImmutableDictionary.CreateRange(Cart.Labels.Reverse()) }, _now.AddHours(1));

        Assert.Same(state, next);
        Assert.Equal(new RegisterResult.Registered(false, Cart.Lease), result);
    }

    [Fact]
    public void Another_description_is_told_as_a_newer_version()
    {
        var (next, _) = WorkloadMachine.Register(Joined(), Name, Cart with { Address = "10.0.0.8" }, _now);

        Assert.Equal(2, next.Entries.Version);
        Assert.Equal("10.0.0.8", Told(next).Address);
        Assert.Equal(_now, next.RegisteredAt);
    }

    [Fact]
    public void A_description_without_a_sidecar_does_not_take_the_sidecar_away()
    {
        var plain = Cart with { HasSidecar = false, SpiffeId = "", Weight = 7 };

        var (next, _) = WorkloadMachine.Register(Joined(), Name, plain, _now);

        var told = Told(next);
        Assert.Equal((true, Cart.SpiffeId, 7), (told.HasSidecar, told.Identity!.ToString(), told.Weight));
        Assert.Equal(40_000, told.DialPort(8080));
    }

    [Fact]
    public void The_name_of_a_member_with_another_service_account_is_taken()
    {
        var other = Cart with { ServiceAccount = "evil", SpiffeId = "spiffe://cluster.local/ns/shop/sa/evil" };

        var (next, result) = WorkloadMachine.Register(Joined(), Name, other, _now);

        Assert.Equal(new RegisterResult.Taken("cart"), result);
        Assert.Equal("cart", next.Registration!.ServiceAccount);
    }

    [Fact]
    public void The_name_is_free_again_once_its_member_has_left()
    {
        var left = WorkloadMachine.Leave(Joined(), Name);
        var other = Cart with { ServiceAccount = "next", SpiffeId = "spiffe://cluster.local/ns/shop/sa/next" };

        Assert.Equal(new RegisterResult.Registered(true, Cart.Lease), WorkloadMachine.Register(left, Name, other, _now).Result);
    }

    [Fact]
    public void The_version_survives_leaving()
    {
        var left = WorkloadMachine.Leave(Joined(), Name);
        var (again, _) = WorkloadMachine.Register(left, Name, Cart, _now);

        Assert.Null(Assert.Single(left.Entries.ChangesAfter(1)).Payload);
        Assert.Equal(3, Assert.Single(again.Entries.ChangesAfter(0)).OwnerVersion);
    }

    [Theory]
    [InlineData(9, WorkloadHealth.Healthy)]
    [InlineData(10, WorkloadHealth.Unhealthy)]
    [InlineData(29, WorkloadHealth.Unhealthy)]
    public void A_lease_makes_unhealthy_after_one_period(int seconds, WorkloadHealth health)
    {
        var aged = WorkloadMachine.Age(Joined(), Name, TimeSpan.FromSeconds(seconds));

        Assert.Equal(health, Told(aged).Health);
    }

    [Fact]
    public void A_lease_removes_after_three_periods()
    {
        var aged = WorkloadMachine.Age(Joined(), Name, TimeSpan.FromSeconds(30));

        Assert.Null(aged.Registration);
        Assert.Null(Assert.Single(aged.Entries.ChangesAfter(1)).Payload);
    }

    [Fact]
    public void Who_goes_because_its_lease_ran_out_is_remembered_by_its_account_and_who_leaves_is_not()
    {
        var lapsed = WorkloadMachine.Age(Joined(), Name, TimeSpan.FromSeconds(30));
        var back = WorkloadMachine.Register(lapsed, Name, Cart, _now).Next;

        Assert.Equal(Cart.ServiceAccount, WorkloadMachine.AccountOf(lapsed));
        Assert.Equal(Cart.ServiceAccount, WorkloadMachine.AccountOf(back));
        Assert.Null(WorkloadMachine.AccountOf(WorkloadMachine.Leave(back, Name)));
        Assert.Null(WorkloadMachine.AccountOf(_absent));
        Assert.Same(lapsed, WorkloadMachine.Leave(lapsed, Name));
    }

    [Fact]
    public void Ageing_twice_in_the_same_period_tells_once()
    {
        var once = WorkloadMachine.Age(Joined(), Name, TimeSpan.FromSeconds(11));

        Assert.Same(once, WorkloadMachine.Age(once, Name, TimeSpan.FromSeconds(12)));
    }

    [Fact]
    public void A_renewal_in_time_saves_nothing_and_a_late_one_heals()
    {
        var joined = Joined();
        var late = WorkloadMachine.Age(joined, Name, TimeSpan.FromSeconds(15));

        Assert.Same(joined, WorkloadMachine.Renew(joined, Name));
        Assert.Equal(WorkloadHealth.Healthy, Told(WorkloadMachine.Renew(late, Name)).Health);
    }

    [Fact]
    public void A_failed_probe_outlasts_a_renewal_and_a_reconnection_but_not_a_new_description()
    {
        var failed = WorkloadMachine.ReportHealth(Joined(), Name, healthy: false, "HTTP 500\n");

        Assert.Equal("HTTP 500 ", failed.HealthDetail());
        Assert.Equal(WorkloadHealth.Unhealthy, WorkloadMachine.Renew(failed, Name).Health());
        Assert.Equal(WorkloadHealth.Unhealthy, WorkloadMachine.Register(failed, Name, Cart, _now).Next.Health());
        Assert.Equal(WorkloadHealth.Healthy, WorkloadMachine.Register(failed, Name, Cart with { Weight = 3 }, _now).Next.Health());
        Assert.Equal(WorkloadHealth.Healthy, WorkloadMachine.ReportHealth(failed, Name, healthy: true, "").Health());
    }

    [Fact]
    public void A_leaving_member_drains_until_it_registers_again()
    {
        var draining = WorkloadMachine.Drain(Joined(), Name);

        Assert.Equal(WorkloadHealth.Draining, Told(draining).Health);
        Assert.Equal(WorkloadHealth.Draining, WorkloadMachine.Renew(draining, Name).Health());
        Assert.Equal(WorkloadHealth.Healthy, Told(WorkloadMachine.Register(draining, Name, Cart, _now).Next).Health);
    }

    [Fact]
    public void Who_is_no_member_cannot_renew_report_drain_or_age()
    {
        Assert.Same(_absent, WorkloadMachine.Renew(_absent, Name));
        Assert.Same(_absent, WorkloadMachine.ReportHealth(_absent, Name, false, "x"));
        Assert.Same(_absent, WorkloadMachine.Drain(_absent, Name));
        Assert.Same(_absent, WorkloadMachine.Leave(_absent, Name));
        Assert.Same(_absent, WorkloadMachine.Age(_absent, Name, TimeSpan.FromDays(1)));
        Assert.Null(WorkloadMachine.UntilNextAge(_absent, TimeSpan.Zero));
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(4, 6)]
    [InlineData(10, 20)]
    [InlineData(40, 0)]
    public void The_next_deadline_is_known(int sinceRenewal, int expected) =>
        Assert.Equal(
            TimeSpan.FromSeconds(expected),
            WorkloadMachine.UntilNextAge(Joined(), TimeSpan.FromSeconds(sinceRenewal)));

    [Fact]
    public void Whatever_happens_what_is_told_is_what_is_saved_and_versions_rise() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), steps =>
        {
            var state = _absent;
            foreach (var step in steps)
            {
                var next = Step(state, step);
                if (next.Entries.Version < state.Entries.Version) return false;
                if (next.Registration is not null && Told(next).Health != next.Health()) return false;
                if (next.Registration is null && next.Entries.Held.Values.Any(e => e.Payload is not null)) return false;
                state = next;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    private static WorkloadState Step(WorkloadState state, byte step) => (step % 8) switch
    {
        0 => WorkloadMachine.Register(state, Name, Cart, _now).Next,
        1 => WorkloadMachine.Register(state, Name, Cart with { Weight = 1 + step }, _now).Next,
        2 => WorkloadMachine.Renew(state, Name),
        3 => WorkloadMachine.ReportHealth(state, Name, healthy: false, "bad"),
        4 => WorkloadMachine.ReportHealth(state, Name, healthy: true, ""),
        5 => WorkloadMachine.Drain(state, Name),
        6 => WorkloadMachine.Age(state, Name, TimeSpan.FromSeconds(step)),
        _ => WorkloadMachine.Leave(state, Name),
    };

    private static WorkloadState Joined() => WorkloadMachine.Register(_absent, Name, Cart, _now).Next;

    private static Workload Told(WorkloadState state) =>
        SnapshotPayload.ReadWorkload(Assert.Single(state.Entries.Held.Values).Payload!);
}
