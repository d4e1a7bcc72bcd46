using System.Collections.Concurrent;
using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>What is connected to this gateway process right now.</summary>
public sealed class GatewayStatus
{
    private readonly ConcurrentDictionary<OpenStream, bool> _streams = new();
    private readonly ConcurrentDictionary<string, ImmutableList<OpenStream>> _byCertificate = new(
        StringComparer.Ordinal);
    private readonly ScopeBook _scopes;

    internal GatewayStatus(PushSource source, ScopeBook scopes)
    {
        _scopes = scopes;
        source.CertificateChanged += WakeOne;
    }

    /// <summary>How many streams are open.</summary>
    public int Count => _streams.Count;

    /// <summary>Every open stream, by node id.</summary>
    public ImmutableArray<ProxyView> List() =>
        [.. _streams.Keys.Select(s => s.Report.View()).OrderBy(v => v.NodeId, StringComparer.Ordinal)];

    /// <summary>The open streams of a node, the newest of each identity that calls itself so.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="sees">Whether whoever asks may look at a namespace.</param>
    public ImmutableArray<ProxyView> Find(string nodeId, Func<string, bool> sees) =>
    [
        .. _streams.Keys.Where(s => s.Report.NodeId == nodeId && sees(s.Report.Connection.Namespace)).GroupBy(s => s.Report.Key)
            .Select(of => of.MaxBy(s => s.Report.OpenedAt)!.Report.View()),
    ];

    /// <summary>
    /// What a connected proxy is brought to, secrets apart; null when it is not connected here or nothing can be made for it.
    /// </summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="sees">
    /// Whether whoever asks may look at a namespace; null for all. Who has no identity may say of each stream that it is of another.
    /// </param>
    public ResourceSet? FindResources(ProxyKey proxy, Func<string, bool>? sees = null) =>
        _streams.Keys.Where(s => s.Report.Key == proxy && sees?.Invoke(s.Report.Connection.Namespace) is not false)
            .MaxBy(s => s.Report.OpenedAt) is { } stream
            ? _scopes.Find(stream.Session.Scope)
            : null;

    /// <summary>The snapshot keys of the certificates of all open streams.</summary>
    internal IEnumerable<string> CertificateKeys => _byCertificate.Keys;

    internal void Add(OpenStream stream)
    {
        _streams.TryAdd(stream, true);
        if (stream.CertificateKey is { } key)
        {
            _byCertificate.AddOrUpdate(key, [stream], (_, others) => others.Add(stream));
        }
    }

    internal void Remove(OpenStream stream)
    {
        _streams.TryRemove(stream, out _);
        if (stream.CertificateKey is not { } key) return;
        var left = _byCertificate.AddOrUpdate(key, [], (_, others) => others.Remove(stream));
        if (left.IsEmpty) _byCertificate.TryRemove(KeyValuePair.Create(key, left));
    }

    private void WakeOne(string key)
    {
        if (!_byCertificate.TryGetValue(key, out var streams)) return;
        foreach (var stream in streams) stream.OnCertificateChanged();
    }
}
