using System.Buffers;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class PushTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void A_change_is_due_after_the_quiet_time()
    {
        var debouncer = new Debouncer(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));

        debouncer.Note(Start);
        debouncer.Note(Start + TimeSpan.FromMilliseconds(50));

        Assert.Equal(Start + TimeSpan.FromMilliseconds(150), debouncer.DueAt);
    }

    [Fact]
    public void Changes_without_end_are_due_at_the_cap()
    {
        var debouncer = new Debouncer(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));

        for (var t = 0; t <= 12_000; t += 90) debouncer.Note(Start + TimeSpan.FromMilliseconds(t));

        Assert.Equal(Start + TimeSpan.FromSeconds(10), debouncer.DueAt);
        debouncer.Clear();
        Assert.Null(debouncer.DueAt);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_by_hand_is_what_protobuf_reads(bool delta)
    {
        var names = Enumerable.Range(0, 300).Select(i => $"cluster-{i:D3}-ü").ToArray();
        var group = ResourceGroup.Of(
            TypeUrls.Cluster, names.Select(n => new Cluster { Name = n, AltStatName = new string('x', n[^5] * 90) }), c => c.Name);
        var protocol = delta ? StreamProtocol.Delta : StreamProtocol.StateOfTheWorld;
        var response = new Response(group, group.Resources, delta ? ["gone-1", "gone-2"] : []);

        var bytes = ResponseEncoder.Encode(response, "42", protocol).ToArray();
        var shared = ResponseEncoder.Encode(response with { Removed = [] }, "43", protocol).ToArray();

        var answer = Read(bytes, delta);
        Assert.Equal((TypeUrls.Cluster, group.VersionInfo, "42"), (answer.TypeUrl, answer.Version, answer.Nonce));
        Assert.Equal(names, answer.Names);
        Assert.Equal(delta ? ["gone-1", "gone-2"] : [], answer.Removed.AsEnumerable());
        Assert.All(answer.Resources, r => Assert.Equal(r.Name, r.Content.Unpack<Cluster>().Name));
        Assert.Equal("43", Read(shared, delta).Nonce);
        Assert.Equal(names, Read(shared, delta).Names);
    }

    [Fact]
    public void A_difference_names_what_changed_and_what_is_gone()
    {
        var before = Group(("a", 1), ("b", 1), ("c", 1));
        var after = Group(("b", 2), ("c", 1), ("d", 1));

        var difference = GroupDifference.Between(before, after);

        Assert.Equal(["b", "d"], difference.Changed.AsEnumerable());
        Assert.Equal("a", Assert.Single(difference.Removed));
        Assert.Same(difference, GroupDifference.Between(before, after));
    }

    private static ResourceGroup Group(params (string Name, int Content)[] clusters) => ResourceGroup.Of(
        TypeUrls.Cluster, clusters.Select(c => new Cluster { Name = c.Name, AltStatName = $"{c.Content}" }), c => c.Name);

    private static Answer Read(byte[] bytes, bool delta) => delta
        ? Answer.Of(DeltaDiscoveryResponse.Parser.ParseFrom(bytes))
        : Answer.Of(DiscoveryResponse.Parser.ParseFrom(bytes));
}
