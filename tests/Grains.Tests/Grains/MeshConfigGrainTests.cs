using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Testing;
using Orleans.Storage;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class MeshConfigGrainTests
{
    [Fact]
    public async Task An_accepted_revision_is_saved_told_and_listed()
    {
        await using var silo = await TestSilo.StartAsync();

        var result = await Apply(silo, Request("A/n/a", """{"x":1}"""));

        Assert.Equal(1, Assert.IsType<ApplyResult.Accepted>(result).Revision);
        var told = (await silo.ReadAsync())["config/A/n/a"];
        Assert.Equal((1L, """{"x":1,"createdRevision":1,"createdOrdinal":0}"""), (told.OwnerVersion, told.Payload));
        Assert.Equal([new ConfigDocument("A/n/a", told.Payload!)], (await Config(silo).GetDocumentsAsync(default)).AsEnumerable());
        Assert.Equal(1, await Config(silo).GetRevisionAsync(default));
        var listed = Assert.Single(await Config(silo).ListRevisionsAsync(0, 10, default));
        Assert.Equal((1, "test", silo.Clock.GetUtcNow(), 0), (listed.Number, listed.Author, listed.Time, listed.Changes.Length));
        Assert.Single((await Config(silo).FindRevisionAsync(1, default))!.Changes);
        Assert.Null(await Config(silo).FindRevisionAsync(2, default));
    }

    [Fact]
    public async Task The_same_again_is_no_revision()
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/a", "{}"));

        Assert.Equal(new ApplyResult.Unchanged(1), await Apply(silo, Request("A/n/a", "{}")));
        Assert.Equal(1, silo.Stores.Snapshots.Appends);
    }

    [Fact]
    public async Task Reads_do_not_wait_for_a_store_that_hangs_and_tell_what_was_saved()
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/a", "{}"));
        var hangs = new TaskCompletionSource();
        silo.Stores.Revisions.BeforeAppend = silo.Stores.Revisions.BeforeList = hangs.Task;
        var change = Apply(silo, Request("A/n/b", "{}"));

        Assert.Equal(1, await Config(silo).GetRevisionAsync(default));
        Assert.Equal("A/n/a", Assert.Single(await Config(silo).GetDocumentsAsync(default)).Key);
        Assert.Single(await Config(silo).ListRevisionsAsync(0, 10, default));
        Assert.False(change.IsCompleted);

        hangs.SetResult();
        Assert.Equal(2, Assert.IsType<ApplyResult.Accepted>(await change).Revision);
    }

    public static TheoryData<string> WrittenByNobody => ["unchanged", "missing", "conflict"];

    [Theory, MemberData(nameof(WrittenByNobody))]
    public async Task An_activation_that_was_replaced_gives_no_answer_that_needs_no_write(string answer)
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/a", "{}"));
        var elsewhere = new RevisionRecord(
            2, silo.Clock.GetUtcNow(), "other", "", [new ConfigChange("A/n/a", ConfigChangeKind.Deleted, "{}", null)]);
        Assert.True(await silo.Stores.Revisions.TryAppendAsync(elsewhere, default));
        var same = Request("A/n/a", "{}");
        var request = answer switch
        {
            "unchanged" => same,
            "missing" => same with { Delete = ["A/n/b"] },
            _ => same with { ExpectedRevision = 0 },
        };

        await Assert.ThrowsAsync<InconsistentStateException>(() => Apply(silo, request));

        // the next activation has read what was written elsewhere
        Assert.Equal(3, Assert.IsType<ApplyResult.Accepted>(await Apply(silo, same)).Revision);
    }

    [Fact]
    public async Task Authors_of_one_revision_do_not_overwrite_each_other()
    {
        await using var silo = await TestSilo.StartAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(
            i => Apply(silo, Request($"A/n/a{i}", "{}") with { ExpectedRevision = 0 })));

        Assert.Single(results.OfType<ApplyResult.Accepted>());
        Assert.Equal(9, results.OfType<ApplyResult.Conflict>().Count());
    }

    [Fact]
    public async Task What_was_saved_but_not_told_is_told_by_the_next_activation_first()
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/old", "{}"));
        silo.Stores.Snapshots.BeforeAppend = _ => throw new IOException("The disk is full.");
        await Assert.ThrowsAsync<IOException>(
            () => Apply(silo, Request("A/n/new", "{}") with { Delete = ["A/n/old"] }));
        Assert.Equal(["config/A/n/old"], (await silo.ReadAsync()).Keys);

        silo.Stores.Snapshots.BeforeAppend = _ => Task.CompletedTask;
        Assert.Equal(2, await Config(silo).GetRevisionAsync(default)); // the revision itself was saved

        Assert.Equal(["config/A/n/new"], (await silo.ReadAsync()).Keys);
    }

    [Fact]
    public async Task A_crash_between_saving_and_telling_is_healed_by_the_next_silo()
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/a", "{}"));
        var reached = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        silo.Stores.Snapshots.BeforeAppend = _ =>
        {
            reached.TrySetResult();
            return never.Task;
        };
        var lost = Apply(silo, Request("A/n/b", "{}"));
        await reached.Task.WaitAsync(TestSilo.Impatience());
        silo.Stores.Snapshots.BeforeAppend = _ => Task.CompletedTask;

        await using var next = await TestSilo.StartAsync(silo.Stores);
        Assert.Equal(2, await Config(next).GetRevisionAsync(default));

        Assert.Equal(["config/A/n/a", "config/A/n/b"], (await next.ReadAsync()).Keys.Order());
        Assert.False(lost.IsCompleted);
        never.SetException(new IOException("The silo is gone."));
        await Assert.ThrowsAsync<IOException>(() => lost);
    }

    [Fact]
    public async Task What_a_lost_silo_saved_but_did_not_tell_is_told_within_a_minute_though_nobody_calls()
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/a", "{}"));
        var told = silo.Stores.Snapshots.BeforeAppend;
        silo.Stores.Snapshots.BeforeAppend = _ => throw new IOException("The silo is gone.");
        await Assert.ThrowsAsync<IOException>(() => Apply(silo, Request("A/n/b", "{}")));
        silo.Stores.Snapshots.BeforeAppend = told;

        await using var next = await TestSilo.StartAsync(silo.Stores, new ManualTimeProvider(silo.Clock.GetUtcNow()));
        Assert.DoesNotContain("config/A/n/b", (await next.ReadAsync()).Keys);
        next.Clock.Advance(TimeSpan.FromMinutes(1));

        await next.WaitForAsync("config/A/n/b");
    }

    [Fact]
    public async Task A_deletion_that_was_told_and_forgotten_does_not_come_back_with_the_next_activation()
    {
        await using var silo = await TestSilo.StartAsync();
        await Apply(silo, Request("A/n/a", "{}"));
        await Apply(silo, Request("A/n/b", "{}") with { Delete = ["A/n/a"] });
        await Apply(silo, Request("A/n/b", """{"x":1}""") with { Delete = [] });
        silo.Stores.Snapshots.Forget("config/A/n/a");
        var before = await RowsAsync(silo);

        await using var next = await TestSilo.StartAsync(silo.Stores);
        Assert.Equal(3, await Config(next).GetRevisionAsync(default));

        Assert.Equal(before, await RowsAsync(next));
        Assert.Equal("config/A/n/b", Assert.Single(before).Key);
    }

    private static async Task<SnapshotRow[]> RowsAsync(TestSilo silo) =>
        [.. (await silo.Stores.Snapshots.LoadAsync("", default)).Rows];

    [Fact]
    public async Task A_dry_run_saves_and_tells_nothing()
    {
        await using var silo = await TestSilo.StartAsync();

        await Apply(silo, Request("A/n/a", "{}") with { DryRun = true });

        Assert.Equal(0, await Config(silo).GetRevisionAsync(default));
        Assert.Empty(await silo.ReadAsync());
    }

    private static IMeshConfigGrain Config(TestSilo silo) => silo.Grain<IMeshConfigGrain>(MeshKeys.Default);

    private static Task<ApplyResult> Apply(TestSilo silo, ApplyRequest request) =>
        Config(silo).ApplyAsync(request, CancellationToken.None);

    private static ApplyRequest Request(string key, string json) => new() { Put = [new ConfigDocument(key, json)], Author = "test" };
}
