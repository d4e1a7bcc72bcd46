using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class HashTableTests
{
    private const int Keys = 20_000;

    public static TheoryData<LoadBalancing> Tables => [LoadBalancing.RingHash, LoadBalancing.Maglev];

    [Theory]
    [MemberData(nameof(Tables))]
    public void Every_proxy_sends_a_key_to_the_same_endpoint_in_whatever_order_it_knows_them(LoadBalancing policy)
    {
        EndpointModel[] endpoints = [.. Enumerable.Range(1, 9).Select(At)];

        var one = Owners(Plan(policy, endpoints));
        var other = Owners(Plan(policy, [.. endpoints.Reverse()]));

        Assert.Equal(one, other);
        Assert.Equal(9, one.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Keys_are_shared_by_weight(LoadBalancing policy)
    {
        var plan = Plan(policy, [At(1) with { Weight = 3 }, At(2), At(3)]);

        Assert.InRange(Owners(plan).Count(o => o == 1) / (double)Keys, 0.54, 0.66);
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void An_ejected_endpoints_keys_move_and_nobody_elses_and_they_come_back(LoadBalancing policy)
    {
        var plan = Plan(policy, [.. Enumerable.Range(1, 5).Select(At)], new OutlierModel());
        var before = Owners(plan);

        plan.Slots[2].State.Outlier.TryEject(0);
        plan.State.HealthChanged();
        var during = Owners(plan);
        plan.Slots[2].State.Outlier.Readmit();
        plan.State.HealthChanged();

        Assert.DoesNotContain(3, during);
        Assert.All(before.Zip(during), pair => Assert.True(pair.First == 3 || pair.First == pair.Second));
        Assert.Equal(4, before.Zip(during).Where(p => p.First == 3).Select(p => p.Second).Distinct().Count());
        Assert.Equal(before, Owners(plan));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_new_endpoint_takes_its_share_and_little_more(LoadBalancing policy)
    {
        var before = Owners(Plan(policy, [.. Enumerable.Range(1, 9).Select(At)]));
        var after = Owners(Plan(policy, [.. Enumerable.Range(1, 10).Select(At)]));

        var moved = before.Zip(after).Count(p => p.First != p.Second) / (double)Keys;

        Assert.InRange(moved, 0.05, 0.25);
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void In_a_panic_whoever_is_ejected_keeps_its_keys(LoadBalancing policy)
    {
        var plan = Plan(policy, [At(1), At(2)], new OutlierModel(), panicThreshold: 60);
        var before = Owners(plan);

        plan.Slots[0].State.Outlier.TryEject(0);
        plan.State.HealthChanged();

        Assert.Equal(before, Owners(plan));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void With_everybody_ejected_there_is_nobody(LoadBalancing policy)
    {
        var plan = Plan(policy, [At(1)], new OutlierModel());

        plan.Slots[0].State.Outlier.TryEject(0);
        plan.State.HealthChanged();

        Assert.Null(plan.Selection.Pick(plan, SharedRandomSource.Instance, 7));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Without_a_key_chance_decides_by_weight(LoadBalancing policy)
    {
        var plan = Plan(policy, [At(1) with { Weight = 3 }, At(2)]);

        var first = Enumerable.Range(0, Keys).Count(_ => plan.Selection.Pick(plan, SharedRandomSource.Instance)!.Value.Model.Port == 1);

        Assert.InRange(first / (double)Keys, 0.72, 0.78);
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_choice_allocates_nothing(LoadBalancing policy)
    {
        var plan = Plan(policy, [.. Enumerable.Range(1, 5).Select(At)]);
        Owners(plan);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var key = 0UL; key < 1000; key++) plan.Selection.Pick(plan, SharedRandomSource.Instance, XxHash64.Hash("user-17", key));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1024, 4, 1024)]
    [InlineData(1024, 3, 1026)] // the smallest size that gives each a whole number of places
    [InlineData(1, 4, 4)]
    public void A_ring_is_at_least_as_large_as_asked_for(long least, int endpoints, int expected)
    {
        var members = Enumerable.Range(1, endpoints)
            .Select(i => new HashMember(EndpointSlot.Of(At(i), new EndpointState(0)), 1)).ToArray();

        Assert.Equal(expected, new HashRing(members, least, ClusterModel.LargestRing).Size);
    }

    private static EndpointModel At(int port) => new("10.0.0.1", port);

    private static ClusterPlan Plan(
        LoadBalancing policy, EndpointModel[] endpoints, OutlierModel? outlier = null, int panicThreshold = 0)
    {
        using var state = new ClusterState("c", TimeProvider.System);
        return state.Plan(new ClusterModel
        {
            Name = "c",
            LoadBalancing = policy,
            Endpoints = [.. endpoints],
            Outlier = outlier,
            PanicThresholdPercent = panicThreshold,
        });
    }

    private static int[] Owners(ClusterPlan plan) =>
    [
        .. Enumerable.Range(0, Keys).Select(i =>
            plan.Selection.Pick(plan, SharedRandomSource.Instance, XxHash64.Hash($"user-{i}"))!.Value.Model.Port),
    ];
}
