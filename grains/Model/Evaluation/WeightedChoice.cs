using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>One of the clusters of a route.</summary>
/// <param name="Name">The cluster's name.</param>
/// <param name="Weight">Its share, relative to the others.</param>
public sealed record WeightedClusterModel(string Name, long Weight = 1)
{
    /// <summary>Header changes of this cluster alone; they run before the route's.</summary>
    public HeaderOperations RequestHeaders { get; init; } = HeaderOperations.None;

    /// <summary>Header changes of this cluster alone; they run before the route's.</summary>
    public HeaderOperations ResponseHeaders { get; init; } = HeaderOperations.None;

    /// <summary>The host for this cluster; the route's own rewrite wins.</summary>
    public string? HostRewrite { get; init; }
}

/// <summary>
/// A choice by weight. One cluster gets everything, whatever its weight; among several, weight 0 gets nothing.
/// </summary>
public sealed class WeightedChoice
{
    private readonly long[] _ends;
    private readonly WeightedClusterModel[] _clusters;

    /// <summary>Prepares the choice.</summary>
    /// <exception cref="ArgumentException">
    /// There is no cluster, a weight is negative, or several sum up to 0.
    /// </exception>
    public WeightedChoice(ImmutableArray<WeightedClusterModel> clusters)
    {
        if (clusters.IsDefaultOrEmpty)
        {
            throw new ArgumentException("A route needs at least one cluster.", nameof(clusters));
        }

        if (clusters.Any(c => c.Weight < 0)) throw new ArgumentException("A weight is negative.", nameof(clusters));
        Clusters = clusters;
        _clusters = clusters.Length == 1 ? [clusters[0]] : [.. clusters.Where(c => c.Weight > 0)];
        if (_clusters.Length == 0) throw new ArgumentException("The weights sum up to 0.", nameof(clusters));
        _ends = new long[_clusters.Length];
        var end = 0L;
        for (var i = 0; i < _ends.Length; i++) _ends[i] = end += _clusters[i].Weight;
    }

    /// <summary>The clusters as configured.</summary>
    public ImmutableArray<WeightedClusterModel> Clusters { get; }

    /// <summary>A choice that is none.</summary>
    public static WeightedChoice Of(string cluster) => new([new WeightedClusterModel(cluster)]);

    /// <summary>Draws one.</summary>
    public WeightedClusterModel Pick(IRandomSource random)
    {
        if (_clusters.Length == 1) return _clusters[0];
        var point = (long)(random.NextDouble() * _ends[^1]);
        for (var i = 0; i < _ends.Length - 1; i++)
        {
            if (point < _ends[i]) return _clusters[i];
        }

        return _clusters[^1];
    }
}
