using System.Collections.Concurrent;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>
/// Every proxy scope that streams follow: each is translated once for each picture, and only the streams of those scopes
/// in which something has changed are woken. No secret is ever among what it holds.
/// </summary>
internal sealed partial class ScopeBook : BackgroundService
{
    private readonly ConcurrentDictionary<ProxyScope, ScopeFeed> _feeds = new();
    private readonly SemaphoreSlim _translating = new(Environment.ProcessorCount);
    private readonly Signal _changed = new();
    private readonly PushSource _source;
    private readonly ILogger<ScopeBook> _logger;

    public ScopeBook(PushSource source, ILogger<ScopeBook> logger)
    {
        (_source, _logger) = (source, logger);
        source.Changed += _changed.Set;
    }

    /// <summary>Begins to follow a scope, and waits until it has been translated once.</summary>
    /// <exception cref="GrpcException">The mesh is not known yet.</exception>
    public async Task<ScopeFeed> JoinAsync(ProxyScope scope, IFeedFollower follower, CancellationToken cancellationToken)
    {
        if (_source.Current is null) throw new GrpcException(GrpcStatusCode.Unavailable, "The server is not ready.");
        ScopeFeed feed;
        do
        {
            feed = _feeds.GetOrAdd(scope, Make);
        }
        while (!feed.TryJoin(follower));
        try
        {
            if (feed.Current?.Picture != _source.Current) await RefreshAsync(feed, cancellationToken);
            return feed;
        }
        catch
        {
            Leave(feed, follower);
            throw;
        }
    }

    /// <summary>
    /// Ends following. What one workload has called hardly ever comes back just so: it is not kept for anybody.
    /// </summary>
    public void Leave(ScopeFeed feed, IFeedFollower follower)
    {
        feed.Leave(follower);
        if (feed.Scope.Used is not null) GiveUp(feed.Scope, feed);
    }

    /// <summary>How many scopes are kept.</summary>
    public int Count => _feeds.Count;

    /// <summary>What the streams of a scope are brought to; null when nobody follows it.</summary>
    public ResourceSet? Find(ProxyScope scope) => _feeds.GetValueOrDefault(scope)?.Current?.Resources;

    public override void Dispose()
    {
        _source.Changed -= _changed.Set;
        _translating.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _changed.WaitAsync(stoppingToken);
            var revision = _source.Current!.Revision;
            foreach (var (scope, feed) in _feeds)
            {
                // one that nobody follows is worth keeping for who comes back, until the configuration has changed
                if (!feed.IsIdle) await RefreshAsync(feed, stoppingToken);
                else if (feed.Current?.Picture.Revision != revision) GiveUp(scope, feed);
            }
        }
    }

    private async Task RefreshAsync(ScopeFeed feed, CancellationToken cancellationToken)
    {
        await _translating.WaitAsync(cancellationToken);
        try
        {
            await Task.Run(() => feed.Refresh(() => _source.Current!), CancellationToken.None);
        }
        finally
        {
            _translating.Release();
        }
    }

    private void GiveUp(ProxyScope scope, ScopeFeed feed)
    {
        if (feed.TryGiveUp()) _feeds.TryRemove(KeyValuePair.Create(scope, feed));
    }

    private ScopeFeed Make(ProxyScope scope) => new(
        scope, (exception, of, picture) => LogTranslationFailed(exception, of.Namespace, picture.Snapshot.Version.Number));

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The configuration of proxies in {Namespace} cannot be made from version {Version} of the mesh.")]
    private partial void LogTranslationFailed(Exception exception, string @namespace, long version);
}
