using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// The state of one stream, written by its loop and read by whoever reports or lists it. At most one report of it
/// waits: what the reporter has not told yet is overwritten by what is true now.
/// </summary>
internal sealed class ReportedStream(
    string nodeId, ProxyConnection connection, DateTimeOffset openedAt, TimeProvider clock, IReportQueue queue)
{
    private StandingTypes _standing = StandingTypes.None;
    private int _isQueued;
    private long _trustSequence;
    private volatile bool _isClosed;
    private volatile AutomaticScope? _scope;

    public string NodeId => nodeId;

    /// <summary>Whose it is.</summary>
    public ProxyKey Key => new(connection.SpiffeId, nodeId);

    public ProxyConnection Connection => connection;

    public DateTimeOffset OpenedAt => openedAt;

    public bool IsClosed => _isClosed;

    /// <summary>How the types stand now.</summary>
    public ImmutableArray<SubscriptionReport> Types => Volatile.Read(ref _standing).Types;

    /// <summary>The hosts that the client is told of; null for everything.</summary>
    public AutomaticScope? Scope => _scope;

    /// <summary>The sequence of the mesh's roots that the client has taken over; 0 when none is known.</summary>
    public long TrustSequence => Interlocked.Read(ref _trustSequence);

    /// <summary>The stream as it is listed.</summary>
    public ProxyView View() => new(
        nodeId,
        connection,
        !_isClosed,
        openedAt,
        [.. Types.OrderBy(t => t.TypeUrl, StringComparer.Ordinal)],
        _scope);

    /// <summary>The client is told of other hosts from now on.</summary>
    public void Update(ProxyScope scope)
    {
        _scope = scope.Used is { } used ? new AutomaticScope([.. used]) : null;
        Queue();
    }

    /// <summary>Takes over how the types stand; nothing happens when they stand as before.</summary>
    /// <param name="reports">As the stream's loop sees it.</param>
    /// <param name="ordinal">Of the picture that the loop looked at.</param>
    /// <returns>False when the stream has been raised to a later one meanwhile: the loop must look again.</returns>
    public bool Update(ImmutableArray<StreamReport> reports, long ordinal)
    {
        StandingTypes before, next;
        do
        {
            before = Volatile.Read(ref _standing);
            next = before.With(reports, ordinal, clock.GetUtcNow());
        }
        while (Interlocked.CompareExchange(ref _standing, next, before) != before);
        if (next.Types != before.Types) Queue();
        return ordinal >= before.Ordinal;
    }

    /// <summary>
    /// A later revision changes nothing for the stream. Any thread may say so; the reporter tells of many streams in one
    /// word.
    /// </summary>
    /// <param name="from">The revision before.</param>
    /// <param name="state">What there is now.</param>
    /// <returns>False when something is under way: the loop must look for itself.</returns>
    public bool Raise(long from, ScopeState state)
    {
        StandingTypes before, next;
        do
        {
            before = Volatile.Read(ref _standing);
            if (before.Raised(from, state.Revision, state.Picture.Ordinal) is not { } raised) return false;
            next = raised;
        }
        while (Interlocked.CompareExchange(ref _standing, next, before) != before);
        queue.Raised();
        return true;
    }

    /// <summary>The client has taken over the roots of a sequence.</summary>
    public void Update(long trustSequence)
    {
        if (Interlocked.Exchange(ref _trustSequence, trustSequence) != trustSequence) Queue();
    }

    /// <summary>The stream has ended.</summary>
    public void Close()
    {
        _isClosed = true;
        Queue();
    }

    /// <summary>Has the reporter look at the stream once more.</summary>
    public void Queue()
    {
        if (Interlocked.Exchange(ref _isQueued, 1) == 0) queue.Queue(this);
    }

    /// <summary>The reporter begins to look at it: what changes from now on queues it again.</summary>
    public void Dequeued() => Volatile.Write(ref _isQueued, 0);
}

/// <summary>Who tells of reported streams.</summary>
internal interface IReportQueue
{
    /// <summary>Has a stream looked at with the next batch.</summary>
    void Queue(ReportedStream stream);

    /// <summary>Streams have been brought to a later revision that changes nothing for them.</summary>
    void Raised();
}
