using MeshOrleans.Grains.Scopes;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class WorkloadScopeGrainTests
{
    [Fact]
    public async Task What_one_replica_has_called_is_known_after_the_loss_of_a_silo()
    {
        await using var silo = await TestSilo.StartAsync();
        await Scope(silo).RememberAsync(["b.app.svc.cluster.local", "a.app.svc.cluster.local"], default);

        await using var next = await TestSilo.StartAsync(silo.Stores);

        Assert.Equal(
            ["a.app.svc.cluster.local", "b.app.svc.cluster.local"],
            (await Scope(next).RecallAsync(default)).AsEnumerable());
    }

    [Fact]
    public async Task What_is_known_is_not_saved_again()
    {
        await using var silo = await TestSilo.StartAsync();
        await Scope(silo).RememberAsync(["a"], default);
        var writes = silo.Stores.State.Writes;

        await Scope(silo).RememberAsync(["a"], default);
        Assert.Equal(writes, silo.Stores.State.Writes);
        silo.Clock.Advance(TimeSpan.FromDays(2));
        await Scope(silo).RememberAsync(["a"], default);

        Assert.Equal(writes + 1, silo.Stores.State.Writes);
    }

    private static IWorkloadScopeGrain Scope(TestSilo silo) => silo.Grain<IWorkloadScopeGrain>("shop/cart/");
}
