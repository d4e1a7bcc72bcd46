using MeshOrleans.Grains.Stores;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Testing;
using static MeshOrleans.Grains.Tests.Machines.WorkloadSamples;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class WorkloadGrainTests
{
    private const string Key = "workload/shop/cart-1";

    [Fact]
    public async Task A_member_joins_and_is_told_to_the_mesh()
    {
        await using var silo = await TestSilo.StartAsync();

        var result = await Member(silo).RegisterAsync(Cart, default);

        Assert.Equal(new RegisterResult.Registered(true, Cart.Lease), result);
        Assert.Equal("10.0.0.7", (await Told(silo))!.Address);
        var view = (await Member(silo).FindAsync(default))!;
        Assert.Equal(("Healthy", "", silo.Clock.GetUtcNow()), (view.Health, view.HealthDetail, view.RenewedAt));
    }

    [Fact]
    public async Task A_bad_registration_is_refused_and_nothing_is_kept()
    {
        await using var silo = await TestSilo.StartAsync();

        var result = await Member(silo).RegisterAsync(Cart with { Address = "0.0.0.0" }, default);

        Assert.Equal("address", Assert.IsType<RegisterResult.Invalid>(result).Path);
        Assert.Null(await Member(silo).FindAsync(default));
        Assert.Equal(0, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task Without_renewal_it_is_unhealthy_after_one_period_and_gone_after_three()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);

        silo.Clock.Advance(Cart.Lease - TimeSpan.FromSeconds(1));
        Assert.Equal("Healthy", await Health(silo));
        silo.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Unhealthy", await Health(silo));
        Assert.Equal(WorkloadHealth.Unhealthy, (await Told(silo))!.Health);
        silo.Clock.Advance(2 * Cart.Lease);

        Assert.Null(await Member(silo).FindAsync(default));
        Assert.Null(await Told(silo));
        Assert.False(await Member(silo).RenewAsync(default));
    }

    [Fact]
    public async Task Renewals_keep_it_healthy_and_write_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);
        var writes = (silo.Stores.State.Writes, silo.Stores.Snapshots.Appends);

        for (var i = 0; i < 20; i++)
        {
            silo.Clock.Advance(0.9 * Cart.Lease);
            Assert.True(await Member(silo).RenewAsync(default));
        }

        Assert.Equal("Healthy", await Health(silo));
        Assert.Equal(writes, (silo.Stores.State.Writes, silo.Stores.Snapshots.Appends));
    }

    [Fact]
    public async Task A_late_renewal_brings_it_back()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);
        silo.Clock.Advance(Cart.Lease);
        Assert.Equal("Unhealthy", await Health(silo));

        Assert.True(await Member(silo).RenewAsync(default));

        Assert.Equal(WorkloadHealth.Healthy, (await Told(silo))!.Health);
        silo.Clock.Advance(Cart.Lease);
        Assert.Equal("Unhealthy", await Health(silo));
    }

    [Fact]
    public async Task A_shorter_lease_counts_at_once()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart with { Lease = TimeSpan.FromHours(1) }, default);
        await Member(silo).RegisterAsync(Cart, default);

        silo.Clock.Advance(Cart.Lease);

        Assert.Equal("Unhealthy", await Health(silo));
    }

    [Fact]
    public async Task Its_lease_starts_afresh_when_its_silo_was_lost()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);
        silo.Clock.Advance(0.9 * Cart.Lease);

        await using var next = await TestSilo.StartAsync(silo.Stores, new ManualTimeProvider(silo.Clock.GetUtcNow()));
        Assert.Equal("Healthy", await Health(next));
        next.Clock.Advance(0.9 * Cart.Lease);
        Assert.Equal("Healthy", await Health(next));
        next.Clock.Advance(0.1 * Cart.Lease);

        Assert.Equal("Unhealthy", await Health(next));
    }

    [Fact]
    public async Task Its_reminder_wakes_it_when_nobody_calls_after_its_silo_was_lost()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);
        var woken = new TaskCompletionSource();
        silo.Stores.State.AfterRead = key =>
        {
            if (key.GrainKey == "shop/cart-1") woken.TrySetResult();
        };

        await using var next = await TestSilo.StartAsync(silo.Stores, new ManualTimeProvider(silo.Clock.GetUtcNow()));
        next.Clock.Advance(TimeSpan.FromMinutes(1));

        await woken.Task.WaitAsync(TestSilo.Impatience());
    }

    [Fact]
    public async Task A_change_that_was_saved_but_not_told_is_told_by_the_next_activation()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);
        silo.Stores.Snapshots.BeforeAppend = _ => throw new IOException("The disk is full.");
        await Assert.ThrowsAsync<IOException>(() => Member(silo).LeaveAsync(default));
        Assert.NotNull(await Told(silo));

        silo.Stores.Snapshots.BeforeAppend = _ => Task.CompletedTask;
        Assert.Null(await Member(silo).FindAsync(default));

        Assert.Null(await Told(silo));
    }

    [Fact]
    public async Task A_change_that_could_not_be_saved_did_not_happen()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Stores.State.BeforeWrite = _ => throw new IOException("The disk is full.");

        await Assert.ThrowsAsync<IOException>(() => Member(silo).RegisterAsync(Cart, default));

        Assert.Null(await Member(silo).FindAsync(default));
        Assert.Null(await Told(silo));
    }

    [Fact]
    public async Task A_silo_that_stood_still_takes_no_lease_that_it_could_not_hear_renewed()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);

        silo.Clock.Jump(10 * Cart.Lease);

        Assert.Equal("Healthy", await Health(silo));
        Assert.NotNull(await Told(silo));
        silo.Clock.Advance(Cart.Lease);
        Assert.Equal("Unhealthy", await Health(silo)); // awake now, and still nobody renews
    }

    [Fact]
    public async Task A_lease_lost_while_the_store_is_away_is_taken_when_it_is_back()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);
        silo.Stores.State.BeforeWrite = _ => throw new StoreUnavailableException("The database does not answer.");
        silo.Clock.Advance(Cart.Lease);
        Assert.Equal("Healthy", await Health(silo)); // nobody could write it

        silo.Stores.State.BeforeWrite = _ => { };
        silo.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("Unhealthy", await Health(silo));
        Assert.Equal(WorkloadHealth.Unhealthy, (await Told(silo))!.Health);
    }

    [Fact]
    public async Task It_drains_leaves_and_may_come_back_as_a_newer_version()
    {
        await using var silo = await TestSilo.StartAsync();
        await Member(silo).RegisterAsync(Cart, default);

        Assert.True(await Member(silo).DrainAsync(default));
        Assert.Equal(WorkloadHealth.Draining, (await Told(silo))!.Health);
        Assert.True(await Member(silo).LeaveAsync(default));
        Assert.Null(await Told(silo));
        Assert.False(await Member(silo).LeaveAsync(default));
        await Member(silo).RegisterAsync(Cart, default);

        Assert.Equal(4, (await silo.ReadAsync())[Key].OwnerVersion);
        Assert.Equal(WorkloadHealth.Healthy, (await Told(silo))!.Health);
    }

    [Fact]
    public async Task Its_own_probe_takes_it_out_and_back_in()
    {
        await using var silo = await TestSilo.StartAsync();
        Assert.False(await Member(silo).ReportHealthAsync(true, "", default));
        await Member(silo).RegisterAsync(Cart, default);

        Assert.True(await Member(silo).ReportHealthAsync(false, "HTTP 500", default));
        Assert.Equal("HTTP 500", (await Member(silo).FindAsync(default))!.HealthDetail);
        Assert.Equal(WorkloadHealth.Unhealthy, (await Told(silo))!.Health);
        Assert.True(await Member(silo).ReportHealthAsync(true, "", default));

        Assert.Equal(WorkloadHealth.Healthy, (await Told(silo))!.Health);
    }

    private static IWorkloadGrain Member(TestSilo silo) => silo.Grain<IWorkloadGrain>("shop/cart-1");

    private static async Task<string?> Health(TestSilo silo) => (await Member(silo).FindAsync(default))?.Health;

    private static async Task<Workload?> Told(TestSilo silo) =>
        (await silo.ReadAsync()).TryGetValue(Key, out var change) ? SnapshotPayload.ReadWorkload(change.Payload!) : null;
}
