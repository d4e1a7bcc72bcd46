using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>
/// The endpoints that may be chosen as long as nobody is ejected or taken back, with their weights prepared.
/// </summary>
/// <remarks>
/// Priorities: a level is worth min(100, overprovisioning x healthy share); levels take what the ones before leave.
/// Source: Envoy, "Priority levels" and "Locality weighted load balancing".
/// </remarks>
internal sealed class EndpointSelection
{
    private readonly Level[] _levels;
    private readonly int[] _priorities; // of each level
    private readonly int[] _worth; // of each level, in percent
    private readonly int[] _loadEnds; // cumulative, in percent; ends at 100 when anybody may be chosen

    private EndpointSelection(int generation, Level[] levels, int[] priorities, int[] worth)
    {
        (Generation, _levels, _priorities, _worth) = (generation, levels, priorities, worth);
        _loadEnds = LoadEnds(worth);
    }

    public int Generation { get; }

    public static EndpointSelection Build(ClusterPlan plan, int generation)
    {
        var groups = plan.Slots.GroupBy(s => s.Model.Priority).OrderBy(g => g.Key).Select(g => g.ToArray()).ToArray();
        var panic = plan.Model.Outlier?.PanicThresholdPercent ?? 0;
        var levels = new Level[groups.Length];
        var worth = new int[groups.Length];
        for (var i = 0; i < groups.Length; i++)
        {
            var available = Available(groups[i], panic, out var healthyShare);
            levels[i] = new Level(Weigh(available, groups[i], plan.Model));
            worth[i] = available.Length == 0
                ? 0
                : (int)Math.Min(100, plan.Model.OverprovisioningPercent * healthyShare);
        }

        return new EndpointSelection(generation, levels, [.. groups.Select(g => g[0].Model.Priority)], worth);
    }

    /// <summary>Chooses an endpoint; null when there is none.</summary>
    public EndpointSlot? Pick(ClusterPlan plan, IRandomSource random) => Pick(_loadEnds, plan, random);

    /// <summary>
    /// Chooses an endpoint of other priorities than these, or of any when the others have nobody who can be chosen.
    /// </summary>
    public EndpointSlot? PickBeyond(IReadOnlyCollection<int> priorities, ClusterPlan plan, IRandomSource random)
    {
        var rest = new int[_worth.Length];
        for (var i = 0; i < rest.Length; i++) rest[i] = priorities.Contains(_priorities[i]) ? 0 : _worth[i];
        return Pick(LoadEnds(rest), plan, random) ?? Pick(plan, random);
    }

    private EndpointSlot? Pick(int[] loadEnds, ClusterPlan plan, IRandomSource random)
    {
        var level = PickLevel(loadEnds, random);
        if (level is null) return null;
        return plan.Model.LoadBalancing switch
        {
            LoadBalancing.RoundRobin => level.InTurn(plan.State.NextTurn(), random),
            LoadBalancing.Random => level.AtRandom(random),
            _ => LessLoaded(level.AtRandom(random), level.AtRandom(random)),
        };
    }

    private static EndpointSlot LessLoaded(EndpointSlot first, EndpointSlot second) =>
        second.State.Active * first.Model.Weight < first.State.Active * second.Model.Weight ? second : first;

    private static EndpointSlot[] Available(EndpointSlot[] all, int panicPercent, out double healthyShare)
    {
        var healthy = all.Where(s => s.Model.Health is EndpointHealth.Healthy && !s.State.Outlier.IsEjected).ToArray();
        if (healthy.Length == 0)
        {
            healthy = all.Where(s => s.Model.Health is EndpointHealth.Degraded && !s.State.Outlier.IsEjected).ToArray();
        }

        healthyShare = (double)healthy.Length / all.Length;
        if (100 * healthyShare >= panicPercent) return healthy;
        healthyShare = 1; // too few are left: trust the counters less than the control plane
        return all.Where(s => s.Model.Health is EndpointHealth.Healthy or EndpointHealth.Degraded).ToArray();
    }

    private static (EndpointSlot Slot, double Weight)[] Weigh(
        EndpointSlot[] available, EndpointSlot[] all, ClusterModel model)
    {
        if (!model.LocalityWeighted) return [.. available.Select(s => (s, (double)Math.Max(1, s.Model.Weight)))];
        var weighed = new List<(EndpointSlot, double)>(available.Length);
        foreach (var locality in available.GroupBy(s => s.Model.Locality))
        {
            var total = all.Count(s => s.Model.Locality == locality.Key);
            var members = locality.ToArray();
            var availability = Math.Min(1, model.OverprovisioningPercent / 100.0 * members.Length / total);
            var share = members[0].Model.LocalityWeight * availability / members.Sum(s => Math.Max(1, s.Model.Weight));
            weighed.AddRange(members.Select(s => (s, share * Math.Max(1, s.Model.Weight))));
        }

        return [.. weighed.Where(w => w.Item2 > 0)];
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

    private Level? PickLevel(int[] loadEnds, IRandomSource random)
    {
        if (loadEnds.Length == 0 || loadEnds[^1] == 0) return null;
        if (loadEnds[0] == 100) return _levels[0];
        var point = random.NextDouble() * 100;
        for (var i = 0; i < loadEnds.Length; i++)
        {
            if (point < loadEnds[i]) return _levels[i];
        }

        return _levels[^1];
    }

    /// <summary>The choosable endpoints of one priority.</summary>
    private sealed class Level
    {
        private const int MaxTurns = 1024;

        private readonly EndpointSlot[] _slots;
        private readonly double[]? _ends; // null: all weigh the same
        private readonly int[]? _turns; // null: in order, or by chance when the weights need too long a round

        public Level((EndpointSlot Slot, double Weight)[] weighed)
        {
            _slots = [.. weighed.Select(w => w.Slot)];
            if (weighed.All(w => w.Weight == weighed[0].Weight)) return;
            var end = 0.0;
            _ends = [.. weighed.Select(w => end += w.Weight)];
            _turns = Round([.. weighed.Select(w => w.Weight)]);
        }

        public EndpointSlot AtRandom(IRandomSource random)
        {
            if (_slots.Length == 1) return _slots[0];
            if (_ends is null) return _slots[(int)(random.NextDouble() * _slots.Length)];
            var found = Array.BinarySearch(_ends, random.NextDouble() * _ends[^1]);
            return _slots[Math.Min(found < 0 ? ~found : found + 1, _slots.Length - 1)];
        }

        public EndpointSlot InTurn(uint turn, IRandomSource random)
        {
            if (_ends is null) return _slots[turn % (uint)_slots.Length];
            return _turns is null ? AtRandom(random) : _slots[_turns[turn % (uint)_turns.Length]];
        }

        // Smooth weighted round robin, written out once: heavy endpoints are spread over the round.
        private static int[]? Round(double[] weights)
        {
            var total = weights.Sum();
            if (total > MaxTurns || weights.Any(w => w != Math.Floor(w))) return null;
            var turns = new int[(int)total];
            var credit = new double[weights.Length];
            for (var turn = 0; turn < turns.Length; turn++)
            {
                for (var i = 0; i < weights.Length; i++) credit[i] += weights[i];
                var best = Array.IndexOf(credit, credit.Max());
                credit[best] -= total;
                turns[turn] = best;
            }

            return turns;
        }
    }
}
