using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// Tells the grain of one share of the proxies how their streams stand, many at a time, and tells it everything again
/// when it may have forgotten. Used by one thread at a time.
/// </summary>
/// <param name="key">The share's key.</param>
/// <param name="gateway">This process.</param>
/// <param name="grains">Where the grain is.</param>
internal sealed class ShareReporter(string key, string gateway, IGrainFactory grains)
{
    private const int MaxStreams = 500;

    private readonly Dictionary<ReportedStream, ToldStream> _streams = [];
    private readonly HashSet<ToldStream> _superseded = [];
    private readonly Dictionary<ProxyKey, ToldStream> _newest = []; // what the grain has, by proxy
    private readonly Queue<ToldStream> _due = [];
    private bool _isOutOfStep;
    private bool _isKnown;
    private int? _held;

    /// <summary>Whether there is something to tell.</summary>
    public bool IsBehind => _isOutOfStep || _due.Count > 0;

    /// <summary>A stream has changed, or is new.</summary>
    public void Add(ReportedStream stream)
    {
        if (!_streams.TryGetValue(stream, out var told))
        {
            if (stream.IsClosed) return; // opened and closed between two reports: there is nothing to take back
            _streams.Add(stream, told = new ToldStream(stream));
        }

        _due.Enqueue(told);
    }

    /// <summary>
    /// Streams have been brought to a later revision that changes nothing for them: most of them the same step, which one
    /// word tells. Who took another is due. When it fails, or the grain raised others than these, everything is due.
    /// </summary>
    public async Task RaiseAsync(CancellationToken cancellationToken)
    {
        if (_isOutOfStep) return; // everything will be told, and until then nobody knows what a word would raise
        var steps = _streams.Values.ToLookup(told => (From: told.Step, To: told.TakeRaise()));
        var raised = steps.Where(s => s.Key.To is not null).ToList();
        if (raised.MaxBy(s => s.Count()) is not { Key: ({ } from, { } to) } most) return;
        foreach (var other in raised.Where(s => s.Key != most.Key).SelectMany(s => s)) _due.Enqueue(other);

        // what the grain would raise too, although it has not come as far
        var except = steps.Where(s => s.Key.From == from && s.Key != most.Key)
            .SelectMany(s => s.Select(told => told.Stream.Key))
            .ToHashSet();
        var (alone, beside) = (new List<ToldStream>(), new List<ToldStream>());
        foreach (var told in most) (except.Contains(told.Stream.Key) ? beside : alone).Add(told);
        _isOutOfStep = true; // unless there is an answer, nobody knows what the grain has taken over
        try
        {
            var answer = await grains.GetGrain<IProxySubscriptionGrain>(key).RaiseAsync(
                gateway, from, to, [.. except.Select(key => key.ToString())], cancellationToken);
            var proxies = alone.DistinctBy(told => told.Stream.Key).Count();
            _isOutOfStep = answer.IsFirst || answer.Raised != proxies;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return; // a silo of an earlier version does not know the word: it is told everything
        }

        foreach (var told in alone) told.Raised();
        foreach (var told in beside) _due.Enqueue(told);
    }

    /// <summary>Tells what is due; what could not be told stays due.</summary>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (_isOutOfStep) TellEverythingAgain();
            var batch = new List<ToldStream>(Math.Min(_due.Count, MaxStreams));
            while (batch.Count < MaxStreams && _due.TryDequeue(out var told)) batch.Add(told);
            await TellAsync(batch, cancellationToken);
        }
        while (_due.Count > 0 || _isOutOfStep);
    }

    /// <summary>
    /// Asks whether the grain remembers, and offers the streams again that a later one had superseded. When it has more or
    /// fewer of them than it was told of, as those that another gateway took over and gave up, everything is due.
    /// </summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var told in _superseded) _due.Enqueue(told);
        await TellAsync(cancellationToken);
        _isOutOfStep = _held is { } held && held != _newest.Count; // an earlier version does not say
    }

    private async Task TellAsync(List<ToldStream> batch, CancellationToken cancellationToken)
    {
        _isOutOfStep = true; // unless there is an answer, nobody knows what the grain has taken over
        var grain = grains.GetGrain<IProxySubscriptionGrain>(key);
        var news = batch.ConvertAll(told => told.News(StillOpen));
        var answer = await grain.TellAsync(gateway, [.. news], cancellationToken);
        _isOutOfStep = answer.IsFirst && _isKnown;
        (_isKnown, _held) = (true, answer.Held);
        for (var i = 0; i < batch.Count; i++) Settle(batch[i], news[i], answer.Standings[i]);
    }

    private DateTimeOffset? StillOpen(ProxyKey proxy) => _streams.Keys
        .Where(s => !s.IsClosed && s.Key == proxy)
        .Max(s => (DateTimeOffset?)s.OpenedAt);

    private void Settle(ToldStream told, StreamNews news, StreamStanding standing)
    {
        told.Told(news, standing);
        _superseded.Remove(told);
        var holder = _newest.GetValueOrDefault(told.Stream.Key);
        if (standing is StreamStanding.Newest && !told.IsDone)
        {
            _newest[told.Stream.Key] = told;
            if (holder is not null && holder != told) Supersede(holder);
        }
        else if (holder == told)
        {
            _newest.Remove(told.Stream.Key);
        }

        if (told.IsDone) _streams.Remove(told.Stream);
        else if (standing is StreamStanding.Unknown) _due.Enqueue(told);
        else if (standing is StreamStanding.Superseded) _superseded.Add(told);
    }

    private void Supersede(ToldStream told)
    {
        told.Forget();
        _superseded.Add(told);
    }

    private void TellEverythingAgain()
    {
        _isOutOfStep = false;
        _due.Clear();
        _superseded.Clear();
        _newest.Clear();
        DropReplaced();
        foreach (var told in _streams.Values)
        {
            told.Forget();
            _due.Enqueue(told);
        }
    }

    // While the grain cannot be reached, streams come and go: of those that ended only the last of its proxy counts.
    private void DropReplaced()
    {
        var last = new Dictionary<ProxyKey, DateTimeOffset>();
        foreach (var stream in _streams.Keys)
        {
            if (!last.TryGetValue(stream.Key, out var at) || at < stream.OpenedAt) last[stream.Key] = stream.OpenedAt;
        }

        foreach (var stream in _streams.Keys.Where(s => s.IsClosed && s.OpenedAt < last[s.Key]).ToList())
        {
            _streams.Remove(stream);
        }
    }
}
