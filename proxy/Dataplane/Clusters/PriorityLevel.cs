using MeshOrleans.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>The choosable endpoints of one priority, with their weights prepared.</summary>
internal sealed class PriorityLevel
{
    private const int MaxTurns = 1024;
    private const double GoldenRatio = 0.6180339887498949; // multiples of it, whole part dropped, lie evenly spread

    private readonly EndpointSlot[] _slots;
    private readonly double[] _weights;
    private readonly double[]? _ends; // null: all weigh the same
    private readonly int[]? _turns; // null: in order, or spread evenly where the weights need too long a round

    public PriorityLevel((EndpointSlot Slot, double Weight)[] weighed)
    {
        _slots = [.. weighed.Select(w => w.Slot)];
        _weights = [.. weighed.Select(w => w.Weight)];
        if (_weights.All(w => w == _weights[0])) return;
        var end = 0.0;
        _ends = [.. _weights.Select(w => end += w)];
        _turns = Round(_weights);
    }

    /// <summary>Any, by weight.</summary>
    public EndpointSlot AtRandom(IRandomSource random) => _slots[Draw(random)];

    /// <summary>In turn, by weight.</summary>
    public EndpointSlot InTurn(uint turn)
    {
        if (_ends is null) return _slots[turn % (uint)_slots.Length];
        if (_turns is not null) return _slots[_turns[turn % (uint)_turns.Length]];
        return _slots[At(turn * GoldenRatio % 1)];
    }

    /// <summary>The less busy of two, load counted per weight.</summary>
    public EndpointSlot LessLoaded(IRandomSource random)
    {
        var (first, second) = (Draw(random), Draw(random));
        var isLess = _slots[second].State.Active * _weights[first] < _slots[first].State.Active * _weights[second];
        return _slots[isLess ? second : first];
    }

    private int Draw(IRandomSource random) => _slots.Length == 1 ? 0 : At(random.NextDouble());

    // The endpoint at a point of all weights in a row; 0 is where they begin and 1 where they end.
    private int At(double point)
    {
        if (_ends is null) return Math.Min((int)(point * _slots.Length), _slots.Length - 1);
        var found = Array.BinarySearch(_ends, point * _ends[^1]);
        return Math.Min(found < 0 ? ~found : found + 1, _slots.Length - 1);
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
