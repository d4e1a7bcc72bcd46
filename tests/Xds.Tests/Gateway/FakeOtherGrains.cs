using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Xds.Tests.Gateway;

internal sealed class FakeTokenGrain : IJoinTokenGrain
{
    public RedeemResult Answer { get; set; } = new RedeemResult.Unknown();

    public int Redeemed { get; private set; }

    public int Looked { get; private set; }

    public Task MintAsync(JoinTokenGrant grant, CancellationToken cancellationToken) => throw new NotSupportedException();

    public int Finished { get; private set; }

    public Task<RedeemResult> RedeemAsync(string usedBy, string claim, CancellationToken cancellationToken)
    {
        Redeemed++;
        return Task.FromResult(Answer);
    }

    public Task<RedeemResult> LookAsync(string claim, CancellationToken cancellationToken)
    {
        Looked++;
        return Task.FromResult(Answer);
    }

    public Task FinishAsync(CancellationToken cancellationToken)
    {
        Finished++;
        return Task.CompletedTask;
    }
}

internal sealed class FakeGatewayDirectoryGrain : IGatewayDirectoryGrain
{
    public Channel<GatewayBeat> Beats { get; } = Channel.CreateUnbounded<GatewayBeat>();

    public Channel<string> Left { get; } = Channel.CreateUnbounded<string>();

    /// <summary>Thrown by the next beat, once.</summary>
    public Exception? Failure { get; set; }

    public Task BeatAsync(GatewayBeat beat, CancellationToken cancellationToken)
    {
        if (Failure is { } failure)
        {
            Failure = null;
            throw failure;
        }

        Beats.Writer.TryWrite(beat);
        return Task.CompletedTask;
    }

    public Task LeaveAsync(string name, CancellationToken cancellationToken)
    {
        Left.Writer.TryWrite(name);
        return Task.CompletedTask;
    }

    public Task<GatewayListing> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>Remembers what it is told, and forgets it when the test says so.</summary>
internal sealed class FakeSubscriptionGrain : IProxySubscriptionGrain
{
    private readonly Lock _lock = new();
    private bool _isFirst = true;

    /// <summary>Every report that brought something, in order.</summary>
    public List<ImmutableArray<StreamNews>> Reports { get; } = [];

    /// <summary>Every word for many streams, in order.</summary>
    public List<(long From, long To, ImmutableArray<string> Except)> Raises { get; } = [];

    /// <summary>How each stream has been told to stand.</summary>
    public ImmutableDictionary<(string Proxy, DateTimeOffset OpenedAt), StreamNews> Streams { get; private set; } =
        ImmutableDictionary<(string, DateTimeOffset), StreamNews>.Empty;

    /// <summary>What every stream is answered with, instead of what is so.</summary>
    public StreamStanding? Answer { get; set; }

    /// <summary>Thrown by reports while it is set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>The only stream of a node, with all types told so far; null when there is none.</summary>
    public StreamNews? Find(string node)
    {
        lock (_lock) return Streams.Values.SingleOrDefault(s => s.NodeId == node);
    }

    /// <summary>Is lost with all that it knew.</summary>
    public void Lose()
    {
        lock (_lock) (_isFirst, Streams) = (true, Streams.Clear());
    }

    public Task<SubscriptionAnswer> TellAsync(
        string gateway, ImmutableArray<StreamNews> news, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Failure is { } failure) throw failure;
            if (!news.IsEmpty) Reports.Add(news);
            var isFirst = _isFirst;
            _isFirst = false;
            return Task.FromResult(new SubscriptionAnswer(isFirst, [.. news.Select(Take)]));
        }
    }

    public Task<RaiseAnswer> RaiseAsync(
        string gateway, long from, long to, ImmutableArray<string> except, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Failure is { } failure) throw failure;
            Raises.Add((from, to, except));
            var isFirst = _isFirst;
            _isFirst = false;
            var raised = 0;
            foreach (var (key, stream) in Streams)
            {
                if (except.Contains(key.Proxy) || SubscriptionStep.Of(stream.Types) != from) continue;
                Streams = Streams.SetItem(key, stream with { Types = [.. stream.Types.Select(t => t with { Revision = to })] });
                raised++;
            }

            return Task.FromResult(new RaiseAnswer(isFirst, raised));
        }
    }

    public Task<ImmutableArray<ProxyView>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<TrustStanding> FindTrustAsync(long sequence, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private StreamStanding Take(StreamNews news)
    {
        if (Answer is { } answer) return answer;
        var key = (new ProxyKey(news.SpiffeId!, news.NodeId).ToString(), news.OpenedAt);
        var before = Streams.GetValueOrDefault(key);
        if (before is null && news.Connection is null) return StreamStanding.Unknown;
        var types = (before?.Types ?? [])
            .Where(t => news.Types.All(n => n.TypeUrl != t.TypeUrl) && !news.Gone.Contains(t.TypeUrl))
            .Concat(news.Types);
        if (news.Revision != 0) types = types.Select(t => t with { Revision = news.Revision });
        Streams = Streams.SetItem(key, news with
        {
            Connection = news.Connection ?? before!.Connection,
            Scope = news.HasScope ? news.Scope : before?.Scope,
            Types = [.. types],
        });
        return StreamStanding.Newest;
    }
}
