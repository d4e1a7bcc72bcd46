using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>A lane as it covers the members of one cluster.</summary>
/// <param name="Name">Its name.</param>
public sealed record LaneModel(string Name)
{
    /// <summary>Whether requests of the lane that none of its members can take are refused.</summary>
    public bool Refuses { get; init; }

    /// <summary>Which requests without a mark enter it: any of these.</summary>
    public ImmutableArray<RouteMatchModel> Entries { get; init; } = [];
}

/// <summary>How a request came to be in the lane that it is in, or why it is in none.</summary>
public enum LaneCause
{
    /// <summary>It has no mark, and no lane lets it in.</summary>
    Outside,

    /// <summary>Its mark names the lane.</summary>
    Marked,

    /// <summary>It meets a condition of the lane, and gets the mark.</summary>
    Entered,

    /// <summary>Its mark names a lane that does not cover the cluster, or none.</summary>
    MarkedOtherwise,
}

/// <summary>What is decided about one request.</summary>
/// <param name="Lane">The lane; null for none.</param>
/// <param name="Cause">Why.</param>
/// <param name="Entry">For one that has entered: which of the lane's conditions, from 0.</param>
public readonly record struct LaneDecision(LaneModel? Lane, LaneCause Cause, int Entry = 0);

/// <summary>The lanes that cover a cluster.</summary>
public sealed class LaneSet
{
    /// <summary>The key of the member of the baggage that names a request's lane.</summary>
    public const string Key = "mesh.lane";

    private readonly LaneModel[] _lanes;

    /// <param name="lanes">The lanes, in the order in which requests are let in.</param>
    /// <exception cref="ArgumentException">Two have one name.</exception>
    public LaneSet(ImmutableArray<LaneModel> lanes)
    {
        if (lanes.DistinctBy(lane => lane.Name).Count() != lanes.Length)
        {
            throw new ArgumentException("Two lanes have one name.", nameof(lanes));
        }

        (Lanes, _lanes) = (lanes, [.. lanes]);
    }

    /// <summary>No lanes.</summary>
    public static LaneSet None { get; } = new([]);

    /// <summary>The lanes.</summary>
    public ImmutableArray<LaneModel> Lanes { get; }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _lanes.Length == 0;

    /// <summary>Decides for one request. A mark, whatever it names, counts before all conditions.</summary>
    public LaneDecision Find<TView>(in TView view, IRandomSource random)
        where TView : struct, IRequestView, allows ref struct
    {
        if (Baggage.TryFind(view.Header(Baggage.Header), Key, out var mark))
        {
            foreach (var lane in _lanes)
            {
                if (Baggage.Says(mark, lane.Name)) return new LaneDecision(lane, LaneCause.Marked);
            }

            return new LaneDecision(null, LaneCause.MarkedOtherwise);
        }

        foreach (var lane in _lanes)
        {
            for (var i = 0; i < lane.Entries.Length; i++)
            {
                if (lane.Entries[i].Matches(in view, random)) return new LaneDecision(lane, LaneCause.Entered, i);
            }
        }

        return new LaneDecision(null, LaneCause.Outside);
    }
}
