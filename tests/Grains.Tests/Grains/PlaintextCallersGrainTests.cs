using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class PlaintextCallersGrainTests
{
    [Fact]
    public async Task A_caller_is_known_after_the_loss_of_a_silo_and_stays_forgotten_too()
    {
        await using var silo = await TestSilo.StartAsync();
        await Callers(silo).TellAsync([Report(silo, "10.0.0.1"), Report(silo, "10.0.0.2", "cart-2")], default);

        await using var next = await TestSilo.StartAsync(silo.Stores);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], await AddressesAsync(next));
        Assert.Equal(1, await Callers(next).ForgetAsync("10.0.0.1", default));

        await using var last = await TestSilo.StartAsync(silo.Stores);
        Assert.Equal(["10.0.0.2"], await AddressesAsync(last));
        await Callers(last).TellAsync([Report(silo, "10.0.0.1")], default);
        Assert.Equal(["10.0.0.2"], await AddressesAsync(last));
    }

    [Fact]
    public async Task What_has_hardly_moved_is_told_to_whoever_asks_and_not_saved()
    {
        await using var silo = await TestSilo.StartAsync();
        await Callers(silo).TellAsync([Report(silo, "10.0.0.1")], default);
        var writes = silo.Stores.State.Writes;

        silo.Clock.Advance(TimeSpan.FromMinutes(4));
        await Callers(silo).TellAsync([Report(silo, "10.0.0.1")], default);

        Assert.Equal(writes, silo.Stores.State.Writes);
        Assert.Equal(silo.Clock.GetUtcNow(), (await Callers(silo).ListAsync(default))[0].Callers[0].LastSeen);
        silo.Clock.Advance(TimeSpan.FromMinutes(1));
        await Callers(silo).TellAsync([Report(silo, "10.0.0.1")], default);
        Assert.Equal(writes + 1, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task On_which_stream_a_sidecar_tells_is_known_after_the_loss_of_a_silo()
    {
        await using var silo = await TestSilo.StartAsync();
        await Callers(silo).TellAsync([Report(silo, "10.0.0.1")], default);
        silo.Clock.Advance(TimeSpan.FromMinutes(1));
        var opened = silo.Clock.GetUtcNow();
        await Callers(silo).TellAsync([Report(silo, "10.0.0.1") with { OpenedAt = opened }], default); // another stream

        await using var next = await TestSilo.StartAsync(silo.Stores);

        Assert.Equal(opened, Assert.Single(await Callers(next).ListAsync(default)).OpenedAt);
    }

    [Fact]
    public async Task Who_takes_the_name_of_another_identitys_node_speaks_for_himself()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = Report(silo, "10.0.0.1") with { SpiffeId = "spiffe://cluster.local/ns/shop/sa/cart" };
        await Callers(silo).TellAsync([own with { SpiffeId = "" }], default); // by an earlier version's gateway
        await Callers(silo).TellAsync([own], default);

        await Callers(silo).TellAsync([own with { SpiffeId = "spiffe://cluster.local/ns/shop/sa/thief", Run = "r2", Callers = [] }], default);

        var told = await Callers(silo).ListAsync(default);
        Assert.Equal(["cart-1", "cart-1"], told.Select(report => report.NodeId));
        Assert.Equal(("r1", 1), (told[0].Run, told[0].Callers.Length));
        Assert.Equal("spiffe://cluster.local/ns/shop/sa/thief", told[1].SpiffeId);
    }

    private static IPlaintextCallersGrain Callers(TestSilo silo) => silo.Grain<IPlaintextCallersGrain>("shop");

    private static async Task<IEnumerable<string>> AddressesAsync(TestSilo silo) =>
        (await Callers(silo).ListAsync(default)).SelectMany(r => r.Callers).Select(c => c.Address);

    private static CallerReport Report(TestSilo silo, string address, string node = "cart-1")
    {
        var now = silo.Clock.GetUtcNow();
        return new CallerReport(
            node,
            node,
            "cart",
            ImmutableDictionary<string, string>.Empty.Add("app", "cart"),
            "r1",
            now,
            now,
            [new SeenCaller(8080, address, CallerDemand.Permissive, false, 1, 0, now, now)]);
    }
}
