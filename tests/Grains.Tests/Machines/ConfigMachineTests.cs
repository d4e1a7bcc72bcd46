using System.Text.Json.Nodes;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class ConfigMachineTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ConfigState _empty = ConfigState.From(new StoredConfig(0, []));

    [Fact]
    public void A_change_set_becomes_one_revision_that_says_who_when_what_and_why()
    {
        var (result, revision) = ConfigMachine.Decide(
            _empty, Request(Put("A/n/a", """{"x":1}""")) with { Author = "ann", Reason = "because" }, _now);

        var accepted = Assert.IsType<ApplyResult.Accepted>(result);
        Assert.Equal(1, accepted.Revision);
        Assert.Equal((1, _now, "ann", "because"), (revision!.Number, revision.Time, revision.Author, revision.Reason));
        Assert.Equal((ConfigChangeKind.Created, null), (revision.Changes.Single().Kind, revision.Changes.Single().Before));
    }

    [Fact]
    public void A_created_document_is_stamped_with_its_revision_and_place()
    {
        var state = Apply(_empty, Request(Put("A/n/a", "{}"), Put("A/n/b", """{"createdRevision":77,"createdOrdinal":9}""")));

        Assert.Equal(new ConfigStamps(1, 0), ConfigStamps.Of(state.Find("A/n/a")!));
        Assert.Equal(new ConfigStamps(1, 1), ConfigStamps.Of(state.Find("A/n/b")!));
    }

    [Fact]
    public void An_updated_document_keeps_the_stamps_of_its_creation()
    {
        var state = Apply(_empty, Request(Put("A/n/z", "{}"), Put("A/n/a", """{"x":1}""")));

        state = Apply(state, Request(Put("A/n/a", """{"x":2}""")));

        Assert.Equal(new ConfigStamps(1, 1), ConfigStamps.Of(state.Find("A/n/a")!));
        Assert.Equal(2, JsonNode.Parse(state.Find("A/n/a")!)!["x"]!.GetValue<int>());
        Assert.Equal(2, state.Documents["A/n/a"].Revision);
    }

    [Fact]
    public void A_document_that_was_absent_in_between_is_created_anew()
    {
        var state = Apply(_empty, Request(Put("A/n/a", "{}")));
        state = Apply(state, Request() with { Delete = ["A/n/a"] });

        state = Apply(state, Request(Put("A/n/a", "{}")));

        Assert.Equal(new ConfigStamps(3, 0), ConfigStamps.Of(state.Find("A/n/a")!));
    }

    [Fact]
    public void The_same_content_makes_no_revision_whatever_its_stamps_and_member_order()
    {
        var state = Apply(_empty, Request(Put("A/n/a", """{"x":1,"y":[1,2]}""")));

        var (result, revision) = ConfigMachine.Decide(
            state, Request(Put("A/n/a", """{"createdRevision":8,"y":[1,2],"x":1}""")), _now);

        Assert.Equal(new ApplyResult.Unchanged(1), result);
        Assert.Null(revision);
    }

    [Fact]
    public void Only_what_differs_is_a_change()
    {
        var state = Apply(_empty, Request(Put("A/n/a", "{}"), Put("A/n/b", "{}")));

        var (result, _) = ConfigMachine.Decide(
            state, Request(Put("A/n/a", "{}"), Put("A/n/b", """{"x":1}"""), Put("A/n/c", "{}")), _now);

        var changes = Assert.IsType<ApplyResult.Accepted>(result).Changes;
        Assert.Equal([("A/n/b", ConfigChangeKind.Updated), ("A/n/c", ConfigChangeKind.Created)], changes.Select(c => (c.Key, c.Kind)));
    }

    [Fact]
    public void An_author_who_looked_at_an_older_revision_is_told_the_newest()
    {
        var state = Apply(_empty, Request(Put("A/n/a", "{}")));

        var (result, revision) = ConfigMachine.Decide(
            state, Request(Put("A/n/b", "{}")) with { ExpectedRevision = 0 }, _now);

        Assert.Equal(new ApplyResult.Conflict(1), result);
        Assert.Null(revision);
    }

    [Fact]
    public void Deleting_what_is_not_there_refuses_the_whole_change_set()
    {
        var (result, revision) = ConfigMachine.Decide(
            _empty, Request(Put("A/n/b", "{}")) with { Delete = ["A/n/gone"] }, _now);

        Assert.Equal(new ApplyResult.Missing("A/n/gone"), result);
        Assert.Null(revision);
    }

    [Fact]
    public void A_dry_run_answers_and_saves_nothing()
    {
        var (result, revision) = ConfigMachine.Decide(_empty, Request(Put("A/n/a", "{}")) with { DryRun = true }, _now);

        Assert.Equal(1, Assert.IsType<ApplyResult.Accepted>(result).Revision);
        Assert.Null(revision);
    }

    [Fact]
    public void A_change_set_that_names_a_key_twice_is_a_bug_of_the_caller()
    {
        var request = Request(Put("A/n/a", "{}")) with { Delete = ["A/n/a"] };

        Assert.Throws<ArgumentException>(() => ConfigMachine.Decide(_empty, request, _now));
    }

    [Fact]
    public void Deleted_keys_are_told_as_removals()
    {
        var state = Apply(_empty, Request(Put("A/n/a", "{}"), Put("A/n/b", "{}")));
        state = Apply(state, Request() with { Delete = ["A/n/a"] });

        var changes = state.ChangesAfter(0).ToList();

        Assert.Equal([($"{SnapshotKey.Config}A/n/a", 2L), ($"{SnapshotKey.Config}A/n/b", 1L)], changes.Select(c => (c.Key, c.OwnerVersion)));
        Assert.Null(changes[0].Payload);
        Assert.Equal([$"{SnapshotKey.Config}A/n/a"], state.ChangesAfter(1).Select(c => c.Key));
    }

    private static ConfigDocument Put(string key, string json) => new(key, json);

    private static ApplyRequest Request(params ConfigDocument[] put) => new() { Put = [.. put], Author = "test" };

    private static ConfigState Apply(ConfigState state, ApplyRequest request) =>
        state.After(ConfigMachine.Decide(state, request, _now).Revision!);
}
