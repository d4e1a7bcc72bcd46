using FsCheck;
using FsCheck.Fluent;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class OwnedEntriesTests
{
    [Fact]
    public void The_same_content_again_is_no_change()
    {
        var one = OwnedEntries.Empty.Put("k", "1");

        Assert.Same(one, one.Put("k", "1"));
        Assert.Same(one, one.Remove("other"));
    }

    [Fact]
    public void An_entry_made_again_is_newer_than_its_removal()
    {
        var entries = OwnedEntries.Empty.Put("k", "1").Remove("k");
        var removed = Assert.Single(entries.ChangesAfter(0));

        var again = Assert.Single(entries.Put("k", "1").ChangesAfter(0));

        Assert.Null(removed.Payload);
        Assert.Equal("1", again.Payload);
        Assert.True(again.OwnerVersion > removed.OwnerVersion);
    }

    [Fact]
    public void A_removal_is_kept_until_the_change_after_it()
    {
        var removed = OwnedEntries.Empty.Put("a", "1").Put("b", "1").Remove("a");

        Assert.Equal(["a", "b"], removed.ChangesAfter(0).Select(c => c.Key));
        Assert.Equal(["b"], removed.Put("b", "2").ChangesAfter(0).Select(c => c.Key));
    }

    [Fact]
    public void Only_what_changed_since_is_told()
    {
        var before = OwnedEntries.Empty.Put("a", "1").Put("b", "1");

        var after = before.With([KeyValuePair.Create("b", "2"), KeyValuePair.Create("c", "1")], ["a"]);

        Assert.Equal(["a", "b", "c"], after.ChangesAfter(before.Version).Select(c => c.Key));
        Assert.Empty(after.ChangesAfter(after.Version));
    }

    [Fact]
    public void The_version_never_falls_and_rises_with_every_change() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Key, byte Payload, bool Remove)[]>(), steps =>
        {
            var entries = OwnedEntries.Empty;
            foreach (var (key, payload, remove) in steps)
            {
                var next = remove ? entries.Remove($"k{key % 4}") : entries.Put($"k{key % 4}", $"{payload % 3}");
                if (next.Version != entries.Version + (ReferenceEquals(next, entries) ? 0 : 1)) return false;
                entries = next;
            }

            return true;
        }).QuickCheckThrowOnFailure();
}
