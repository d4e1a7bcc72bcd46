using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>
/// The endpoints that may be chosen as long as nobody is ejected or taken back, with their weights prepared.
/// </summary>
/// <remarks>
/// Priorities: a level is worth min(100, overprovisioning x healthy share); levels take what the ones before leave. Only
/// when all of them together are worth less than 100 does one whose healthy share is below the threshold panic.
/// Source: Envoy, "Priority levels", "Panic threshold" and "Locality weighted load balancing".
/// </remarks>
internal sealed class EndpointSelection
{
    private readonly PriorityLevel[] _levels;
    private readonly bool[] _panics; // of each level: so few are left that ejections do not count
    private readonly int[] _priorities; // of each level
    private readonly int[] _worth; // of each level, in percent
    private readonly int[] _loadEnds; // cumulative, in percent; ends at 100 when anybody may be chosen

    private EndpointSelection(int generation, PriorityLevel[] levels, bool[] panics, int[] priorities, int[] worth)
    {
        (Generation, _levels, _panics, _priorities, _worth) = (generation, levels, panics, priorities, worth);
        _loadEnds = LoadEnds(worth);
    }

    public int Generation { get; }

    public static EndpointSelection Build(ClusterPlan plan, int generation)
    {
        var chosen = Array.ConvertAll(plan.Groups, Available);
        var shares = chosen.Zip(plan.Groups, (available, all) => (double)available.Length / all.Length).ToArray();
        var worth = Array.ConvertAll(shares, share => (int)Math.Min(100, plan.Model.OverprovisioningPercent * share));
        var total = worth.Sum();
        var panics = Array.ConvertAll(shares, share => total < 100 && 100 * share < plan.Model.PanicThresholdPercent);
        for (var i = 0; i < chosen.Length; i++)
        {
            if (panics[i]) chosen[i] = Array.FindAll(plan.Groups[i], IsInService);
        }

        if (total == 0 && panics.Contains(true)) worth = Sizes(chosen);
        var levels = new PriorityLevel[chosen.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            var weighed = Weigh(chosen[i], plan.Groups[i], plan.Model);
            if (plan.Model.Warmup is { } warmup) Warm(weighed, warmup, plan.State);
            levels[i] = new PriorityLevel(weighed);
            if (weighed.Length == 0) worth[i] = 0;
        }

        return new EndpointSelection(
            generation, levels, panics, Array.ConvertAll(plan.Groups, g => g[0].Model.Priority), worth);
    }

    /// <summary>
    /// The tables of a cluster that chooses by hash, one for each priority; null for others. Made once for a plan: what
    /// is ejected keeps its places.
    /// </summary>
    public static HashTable?[]? Tables(ClusterPlan plan)
    {
        if (plan.Model.LoadBalancing is not (LoadBalancing.RingHash or LoadBalancing.Maglev)) return null;
        return [.. plan.Groups.Select(g => HashTable.Of(Weigh(InService(g), g, plan.Model), plan.Model))];
    }

    /// <summary>Chooses an endpoint; null when there is none.</summary>
    public EndpointSlot? Pick(ClusterPlan plan, IRandomSource random) => Pick(plan, random, hash: null);

    /// <summary>Chooses an endpoint; null when there is none.</summary>
    /// <param name="plan">The cluster.</param>
    /// <param name="random">What chance decides.</param>
    /// <param name="hash">The request's key; without one a cluster that hashes chooses at random.</param>
    public EndpointSlot? Pick(ClusterPlan plan, IRandomSource random, ulong? hash) =>
        Pick(_loadEnds, plan, random, hash);

    /// <summary>
    /// Chooses an endpoint of other priorities than these, or of any when the others have nobody who can be chosen.
    /// </summary>
    /// <param name="priorities">The priorities to keep away from.</param>
    /// <param name="plan">The cluster.</param>
    /// <param name="random">What chance decides.</param>
    /// <param name="hash">The request's key; null for none.</param>
    public EndpointSlot? PickBeyond(
        IReadOnlyCollection<int> priorities, ClusterPlan plan, IRandomSource random, ulong? hash)
    {
        var rest = new int[_worth.Length];
        for (var i = 0; i < rest.Length; i++) rest[i] = priorities.Contains(_priorities[i]) ? 0 : _worth[i];
        return Pick(LoadEnds(rest), plan, random, hash) ?? Pick(plan, random, hash);
    }

    private EndpointSlot? Pick(int[] loadEnds, ClusterPlan plan, IRandomSource random, ulong? hash)
    {
        if (loadEnds.Length == 0 || loadEnds[^1] == 0) return null;
        if (hash is { } key && plan.Tables is { } tables)
        {
            var chosen = LevelAt(loadEnds, key % 100);
            if (tables[chosen]?.Find(key, heedsOutliers: !_panics[chosen]) is { } owner) return owner;
            return _levels[chosen].AtRandom(random); // all of the table are out: only degraded ones are left
        }

        var level = _levels[loadEnds[0] == 100 ? 0 : LevelAt(loadEnds, random.NextDouble() * 100)];
        return plan.Model.LoadBalancing switch
        {
            LoadBalancing.RoundRobin => level.InTurn(plan.State.NextTurn()),
            LoadBalancing.LeastRequest => level.LessLoaded(random),
            _ => level.AtRandom(random),
        };
    }

    private static EndpointSlot[] Available(EndpointSlot[] all) => InService(Array.FindAll(all, s => !s.State.IsOut));

    private static EndpointSlot[] InService(EndpointSlot[] slots)
    {
        var healthy = Array.FindAll(slots, s => s.Model.Health is EndpointHealth.Healthy);
        return healthy.Length > 0 ? healthy : Array.FindAll(slots, s => s.Model.Health is EndpointHealth.Degraded);
    }

    // Where too few are left the counters are trusted less, the control plane is not.
    private static bool IsInService(EndpointSlot slot) =>
        slot.Model.Health is EndpointHealth.Healthy or EndpointHealth.Degraded;

    // In percent of all: what each priority takes when nobody is left in any.
    private static int[] Sizes(EndpointSlot[][] levels)
    {
        var all = levels.Sum(l => l.Length);
        return Array.ConvertAll(levels, l => all == 0 ? 0 : 100 * l.Length / all);
    }

    private static (EndpointSlot Slot, double Weight)[] Weigh(
        EndpointSlot[] available, EndpointSlot[] all, ClusterModel model) =>
        EndpointWeights.Of(available, all, model, s => s.Model);

    // New endpoints count less; the selection is made anew while there are any.
    private static void Warm((EndpointSlot Slot, double Weight)[] weighed, WarmupModel warmup, ClusterState cluster)
    {
        for (var i = 0; i < weighed.Length; i++)
        {
            weighed[i].Weight *= warmup.ShareAt(cluster.AgeOf(weighed[i].Slot.State));
        }
    }

    private static int[] LoadEnds(int[] worth)
    {
        var sum = worth.Sum();
        var ends = new int[worth.Length];
        var end = 0;
        for (var i = 0; i < worth.Length; i++)
        {
            end += sum >= 100 ? Math.Min(worth[i], 100 - end) : sum == 0 ? 0 : worth[i] * 100 / sum;
            ends[i] = end;
        }

        // What rounding has left over goes to the last level that takes anything.
        for (var i = ends.Length - 1; sum > 0 && i >= 0 && (i == ends.Length - 1 || ends[i] == end); i--) ends[i] = 100;
        return ends;
    }

    private static int LevelAt(int[] loadEnds, double point)
    {
        for (var i = 0; i < loadEnds.Length; i++)
        {
            if (point < loadEnds[i]) return i;
        }

        return loadEnds.Length - 1;
    }
}
