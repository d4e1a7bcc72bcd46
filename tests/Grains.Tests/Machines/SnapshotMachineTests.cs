using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class SnapshotMachineTests
{
    private const string Epoch = "e";

    [Fact]
    public void Changes_are_numbered_in_the_order_they_came()
    {
        var machine = Empty();

        var append = machine.Plan([Put("b", 1), Put("a", 1)])!;

        Assert.Equal((0, 2), (append.PreviousNumber, append.Number));
        Assert.Equal([("b", 1L), ("a", 2L)], append.Rows.Select(r => (r.Key, r.Number)));
    }

    [Fact]
    public void Nothing_is_held_before_it_is_committed()
    {
        var machine = Empty();

        machine.Plan([Put("a", 1)]);

        Assert.Equal(0, machine.Number);
        Assert.Empty(machine.After(SnapshotVersion.None)!.Changes);
    }

    [Fact]
    public void Of_several_versions_of_a_key_in_one_batch_the_newest_is_saved()
    {
        var append = Empty().Plan([Put("a", 1), Put("b", 1), Put("a", 3), Put("a", 2)])!;

        Assert.Equal([("b", 1L), ("a", 3L)], append.Rows.Select(r => (r.Key, r.OwnerVersion)));
    }

    [Fact]
    public void A_stale_change_cannot_bring_a_removed_entry_back()
    {
        var machine = Empty();
        Publish(machine, Put("a", 1));
        Publish(machine, Remove("a", 2));

        Assert.Null(machine.Plan([Put("a", 1)]));
        Assert.Null(machine.Plan([Put("a", 2)]));
        Assert.NotNull(machine.Plan([Put("a", 3)]));
    }

    [Fact]
    public void A_full_batch_has_what_stands_and_no_removals()
    {
        var machine = Empty();
        Publish(machine, Put("a", 1), Put("b", 1));
        Publish(machine, Remove("a", 2));

        var batch = machine.After(SnapshotVersion.None)!;

        Assert.True(batch.IsFull);
        Assert.Equal((Epoch, 3), (batch.Epoch, batch.Number));
        Assert.Equal(["b"], batch.Changes.Select(c => c.Key));
    }

    [Fact]
    public void A_follower_of_the_empty_mesh_is_told_so_once()
    {
        var machine = Empty();

        Assert.True(machine.After(SnapshotVersion.None)!.IsFull);
        Assert.Null(machine.After(new SnapshotVersion(Epoch, 0)));
    }

    [Fact]
    public void A_follower_that_is_behind_gets_what_it_lacks()
    {
        var machine = Empty();
        Publish(machine, Put("a", 1));
        Publish(machine, Put("b", 1));
        Publish(machine, Remove("a", 2));

        var batch = machine.After(new SnapshotVersion(Epoch, 1))!;

        Assert.False(batch.IsFull);
        Assert.Equal(3, batch.Number);
        Assert.Equal([Put("b", 1), Remove("a", 2)], batch.Changes.AsEnumerable());
        Assert.Null(machine.After(new SnapshotVersion(Epoch, 3)));
    }

    [Fact]
    public void A_follower_of_another_epoch_or_of_the_future_reloads_in_full()
    {
        var machine = Empty();
        Publish(machine, Put("a", 1));

        Assert.True(machine.After(new SnapshotVersion("other", 1))!.IsFull);
        Assert.True(machine.After(new SnapshotVersion(Epoch, 2))!.IsFull);
    }

    [Fact]
    public void A_follower_resumes_after_the_grain_was_loaded_afresh()
    {
        var machine = new SnapshotMachine(new StoredSnapshot(
            Epoch, 5, 0, [new("a", 2, 5, null), new("b", 1, 2, "b1"), new("c", 1, 4, "c1")]));

        var batch = machine.After(new SnapshotVersion(Epoch, 3))!;

        Assert.False(batch.IsFull);
        Assert.Equal([new SnapshotChange("c", 1, "c1"), Remove("a", 2)], batch.Changes.AsEnumerable());
    }

    [Fact]
    public void A_slow_follower_older_than_the_log_still_misses_nothing()
    {
        var machine = Empty();
        Publish(machine, Put("old", 1));
        Publish(machine, [.. Enumerable.Range(0, SnapshotMachine.LogLength + 10).Select(i => Put($"k{i}", 1))]);

        var followed = Follow(machine, new SnapshotVersion(Epoch, 1), ImmutableDictionary<string, string>.Empty);

        Assert.Equal(SnapshotMachine.LogLength + 10, followed.Count);
    }

    [Fact]
    public void No_batch_but_a_full_one_is_longer_than_its_limit()
    {
        var machine = Empty();
        Publish(machine, Put("first", 1));
        Publish(machine, [.. Enumerable.Range(0, SnapshotMachine.BatchLength + 1).Select(i => Put($"k{i}", 1))]);

        var first = machine.After(new SnapshotVersion(Epoch, 1))!;
        var second = machine.After(new SnapshotVersion(Epoch, first.Number))!;

        Assert.Equal((SnapshotMachine.BatchLength, 1), (first.Changes.Length, second.Changes.Length));
    }

    [Fact]
    public void The_oldest_tombstones_are_forgotten_and_followers_from_before_reload()
    {
        const int Removed = (2 * SnapshotMachine.KeptTombstones) + 1;
        var machine = Empty();
        Publish(machine, [.. Enumerable.Range(0, Removed).Select(i => Remove($"k{i}", 1))]);

        var append = machine.Plan([Put("a", 1)])!;
        machine.Commit(append);

        Assert.Equal(Removed - SnapshotMachine.KeptTombstones, append.ForgetUpTo);
        Assert.True(machine.After(new SnapshotVersion(Epoch, append.ForgetUpTo - 1))!.IsFull);
        Assert.False(machine.After(new SnapshotVersion(Epoch, append.ForgetUpTo))!.IsFull);
        Assert.Equal(append.ForgetUpTo, machine.Plan([Put("b", 1)])!.ForgetUpTo);
    }

    [Fact]
    public void Publishing_again_what_was_published_changes_nothing() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Key, byte Version, bool Remove)[]>(), steps =>
        {
            var machine = Empty();
            var changes = steps.Select(ToChange).ToList();
            if (machine.Plan(changes) is { } append) machine.Commit(append);
            return machine.Plan(changes) is null && changes.All(c => machine.Plan([c]) is null);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Who_follows_from_any_point_ends_with_what_a_full_reading_gives() =>
        Prop.ForAll(ArbMap.Default.ArbFor<((byte Key, byte Version, bool Remove)[] Steps, byte Stop)>(), run =>
        {
            var machine = Empty();
            var stop = run.Steps.Length == 0 ? 0 : run.Stop % run.Steps.Length;
            foreach (var step in run.Steps[..stop]) Publish(machine, ToChange(step));
            var early = Read(machine.After(SnapshotVersion.None)!);
            var at = new SnapshotVersion(Epoch, machine.Number);
            foreach (var step in run.Steps[stop..]) Publish(machine, ToChange(step));

            var full = Read(machine.After(SnapshotVersion.None)!);
            return Follow(machine, at, early).OrderBy(e => e.Key).SequenceEqual(full.OrderBy(e => e.Key));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Keys_of_different_owners_may_come_in_any_order() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), keys =>
        {
            var changes = keys.Distinct().Select(k => Put($"k{k}", 1)).ToArray();
            return Content(changes).SetEquals(Content([.. changes.Reverse()]));
        }).QuickCheckThrowOnFailure();

    private static SnapshotMachine Empty() => new(new StoredSnapshot(Epoch, 0, 0, []));

    private static SnapshotChange Put(string key, long version) => new(key, version, $"{key}{version}");

    private static SnapshotChange Remove(string key, long version) => new(key, version, null);

    private static SnapshotChange ToChange((byte Key, byte Version, bool Remove) step)
    {
        var key = $"k{step.Key % 5}";
        return step.Remove ? Remove(key, step.Version) : Put(key, step.Version);
    }

    private static void Publish(SnapshotMachine machine, params SnapshotChange[] changes)
    {
        if (machine.Plan(changes) is { } append) machine.Commit(append);
    }

    private static HashSet<(string, string?)> Content(SnapshotChange[] changes)
    {
        var machine = Empty();
        foreach (var change in changes) Publish(machine, change);
        return [.. machine.After(SnapshotVersion.None)!.Changes.Select(c => (c.Key, c.Payload))];
    }

    private static ImmutableDictionary<string, string> Read(SnapshotBatch full) =>
        full.Changes.ToImmutableDictionary(c => c.Key, c => c.Payload!);

    private static ImmutableDictionary<string, string> Follow(
        SnapshotMachine machine, SnapshotVersion at, ImmutableDictionary<string, string> held)
    {
        while (machine.After(at) is { } batch)
        {
            held = batch.IsFull
                ? Read(batch)
                : batch.Changes.Aggregate(
                    held, (all, c) => c.Payload is null ? all.Remove(c.Key) : all.SetItem(c.Key, c.Payload));
            at = new SnapshotVersion(batch.Epoch, batch.Number);
        }

        return held;
    }
}
