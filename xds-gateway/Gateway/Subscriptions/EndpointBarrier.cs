namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>
/// Keeps listeners and routes that may point to new clusters back until the client has those clusters' endpoints, or
/// has had its time to ask for them. One stream's own.
/// </summary>
/// <remarks>Source: behaviour.md 3.2, rule 6. Answers to requests do not pass here: clients wait for them.</remarks>
/// <param name="limit">How long a client may take.</param>
/// <param name="clock">Measures that.</param>
/// <param name="takesEndpoints">The client is known to ask for endpoints here, even if there were none so far.</param>
internal sealed class EndpointBarrier(TimeSpan limit, TimeProvider clock, bool takesEndpoints = false)
{
    private readonly HashSet<string> _awaited = new(StringComparer.Ordinal);
    private bool _isAnswered;
    private long _since;

    /// <summary>How long it can stay closed if the client says nothing; infinite when it is open.</summary>
    public TimeSpan Left
    {
        get
        {
            if (_awaited.Count == 0) return Timeout.InfiniteTimeSpan;
            var left = limit - clock.GetElapsedTime(_since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// New clusters have been sent that get their endpoints on this stream. The time does not begin anew for those that
    /// come while it is closed: a mesh that never rests must not keep routes back for ever.
    /// </summary>
    public void Await(IEnumerable<string> clusters)
    {
        if (_awaited.Count == 0) (_since, _isAnswered) = (clock.GetTimestamp(), false);
        _awaited.UnionWith(clusters);
    }

    /// <summary>The client has answered its clusters: from now on it can ask for their endpoints.</summary>
    public void ClustersAnswered()
    {
        if (!_isAnswered) (_since, _isAnswered) = (clock.GetTimestamp(), true);
    }

    /// <summary>Whether listeners and routes have to wait.</summary>
    /// <param name="clusters">
    /// How far the client is with its clusters. One that has refused them or names them itself is not waited for.
    /// </param>
    /// <param name="endpoints">How far it is with endpoints; null when it takes none here.</param>
    public bool IsClosed(Subscription? clusters, Subscription? endpoints)
    {
        if (_awaited.Count == 0) return false;
        var isClosed = Left > TimeSpan.Zero
            && clusters is { IsWildcard: true } and not { IsWhole: true, Parked: not null }
            && (endpoints is not null || takesEndpoints)
            && (clusters.IsOutstanding || endpoints is { IsOutstanding: true } || !HasAll(clusters, endpoints));
        if (!isClosed) _awaited.Clear();
        return isClosed;
    }

    private bool HasAll(Subscription clusters, Subscription? endpoints)
    {
        foreach (var name in _awaited)
        {
            if (clusters.Refused.ContainsKey(name)) continue;
            if (endpoints?.Names.Contains(name) is not true || endpoints.Requested.Contains(name)) return false;
        }

        return true;
    }
}
