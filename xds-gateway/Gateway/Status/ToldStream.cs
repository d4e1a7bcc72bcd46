using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>What the subscription grain has been told of one stream. Used by one thread at a time.</summary>
internal sealed class ToldStream(ReportedStream stream)
{
    private bool _isConnected;
    private AutomaticScope? _scope;
    private AutomaticScope? _scopeOnTheWay;
    private ImmutableArray<SubscriptionReport> _types = [];
    private ImmutableArray<SubscriptionReport> _onTheWay = [];

    public ReportedStream Stream => stream;

    /// <summary>The end of the stream has been told, or there is nobody to tell it to.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The revision that the grain believes the whole stream to stand at; null when there is none.</summary>
    public long? Step => _isConnected ? SubscriptionStep.Of(_types) : null;

    /// <summary>
    /// Takes up a later revision that the stream has been brought to, when that is all there is to tell of it.
    /// </summary>
    /// <returns>The revision; null when there is more to tell, or nothing.</returns>
    public long? TakeRaise()
    {
        if (Step is null || stream.IsClosed || !ReferenceEquals(_scope, stream.Scope)) return null;
        _onTheWay = stream.Types;
        return SharedRevision(Changed()) is > 0 and var to ? to : null;
    }

    /// <summary>What <see cref="TakeRaise"/> found has been told.</summary>
    public void Raised() => _types = _onTheWay;

    /// <summary>Everything must be told again.</summary>
    public void Forget() => (_isConnected, _types, _scope) = (false, [], null);

    /// <summary>What is to be told now.</summary>
    /// <param name="stillOpen">When the newest stream of a proxy that is open opened.</param>
    public StreamNews News(Func<ProxyKey, DateTimeOffset?> stillOpen)
    {
        var isClosed = stream.IsClosed; // before the types: none of them changes after it
        (_onTheWay, _scopeOnTheWay) = (stream.Types, stream.Scope);
        var changed = Changed();
        var revision = SharedRevision(changed);
        var hasScope = !ReferenceEquals(_scope, _scopeOnTheWay);
        return new StreamNews(
            stream.NodeId,
            stream.OpenedAt,
            _isConnected ? null : stream.Connection,
            revision == 0 ? changed : [],
            revision,
            isClosed,
            hasScope,
            hasScope ? _scopeOnTheWay : null,
            stream.TrustSequence,
            Gone(),
            isClosed ? stillOpen(stream.Key) : null,
            stream.Connection.SpiffeId);
    }

    /// <summary>It has been told.</summary>
    /// <param name="news">What was told.</param>
    /// <param name="standing">The answer.</param>
    public void Told(StreamNews news, StreamStanding standing)
    {
        if (standing is StreamStanding.Newest) (_isConnected, _types, _scope) = (true, _onTheWay, _scopeOnTheWay);
        else Forget();
        IsDone = news.IsClosed;
    }

    // A revision that changes nothing for a proxy raises that of every type in step, and is all that there is to say.
    private long SharedRevision(ImmutableArray<SubscriptionReport> changed)
    {
        if (changed.IsEmpty || !changed.All(IsOnlyLater)) return 0;
        if (_types.Length > _onTheWay.Length) return 0; // all of these were told before, and others that are gone
        var revision = changed[0].Revision;
        return _onTheWay.All(t => t.State is not SubscriptionState.Synced || t.Revision == revision) ? revision : 0;
    }

    private ImmutableArray<SubscriptionReport> Changed()
    {
        if (_onTheWay == _types) return [];
        var changed = ImmutableArray.CreateBuilder<SubscriptionReport>(_onTheWay.Length);
        foreach (var type in _onTheWay)
        {
            var told = StandingTypes.Find(_types, type.TypeUrl);
            if (!ReferenceEquals(told, type) && told != type) changed.Add(type);
        }

        return changed.DrainToImmutable();
    }

    private ImmutableArray<string> Gone()
    {
        ImmutableArray<string> gone = [];
        foreach (var told in _types)
        {
            if (StandingTypes.Find(_onTheWay, told.TypeUrl) is null) gone = gone.Add(told.TypeUrl);
        }

        return gone;
    }

    private bool IsOnlyLater(SubscriptionReport report) =>
        report.State is SubscriptionState.Synced
        && StandingTypes.Find(_types, report.TypeUrl) is { } told
        && told with { Revision = report.Revision } == report;
}
