using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>
/// The state of one stream, written by its loop and read by whoever reports or lists it. At most one report of it
/// waits: what the reporter has not told yet is overwritten by what is true now.
/// </summary>
internal sealed class ReportedStream(
    string nodeId, ProxyConnection connection, DateTimeOffset openedAt, TimeProvider clock, Action<ReportedStream> dirty)
{
    private ImmutableDictionary<string, SubscriptionReport> _types =
        ImmutableDictionary.Create<string, SubscriptionReport>(StringComparer.Ordinal);
    private int _isQueued;
    private long _trustSequence;
    private volatile bool _isClosed;
    private volatile AutomaticScope? _scope;

    public string NodeId => nodeId;

    public ProxyConnection Connection => connection;

    public DateTimeOffset OpenedAt => openedAt;

    public bool IsClosed => _isClosed;

    /// <summary>How the types stand now.</summary>
    public ImmutableDictionary<string, SubscriptionReport> Types => Volatile.Read(ref _types);

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
        [.. Types.Values.OrderBy(t => t.TypeUrl, StringComparer.Ordinal)],
        _scope);

    /// <summary>The client is told of other hosts from now on.</summary>
    public void Update(ProxyScope scope)
    {
        _scope = scope.Used is { } used ? new AutomaticScope([.. used]) : null;
        Queue();
    }

    /// <summary>Takes over how the types stand; nothing happens when they stand as before.</summary>
    public void Update(IEnumerable<StreamReport> reports)
    {
        var types = _types;
        foreach (var report in reports)
        {
            var before = types.GetValueOrDefault(report.TypeUrl);
            var revision = report.Revision ?? before?.Revision ?? 0;
            var next = new SubscriptionReport(
                report.TypeUrl,
                report.State,
                report.SentVersion,
                report.AckedVersion,
                revision,
                report.NackMessage,
                before?.State == report.State ? before.Since : clock.GetUtcNow());
            if (next != before) types = types.SetItem(report.TypeUrl, next);
        }

        if (ReferenceEquals(types, _types)) return;
        Volatile.Write(ref _types, types);
        Queue();
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
        if (Interlocked.Exchange(ref _isQueued, 1) == 0) dirty(this);
    }

    /// <summary>The reporter begins to look at it: what changes from now on queues it again.</summary>
    public void Dequeued() => Volatile.Write(ref _isQueued, 0);
}
