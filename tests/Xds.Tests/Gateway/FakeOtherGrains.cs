using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Xds.Tests.Gateway;

internal sealed class FakeTokenGrain : IJoinTokenGrain
{
    public RedeemResult Answer { get; set; } = new RedeemResult.Unknown();

    public int Redeemed { get; private set; }

    public Task MintAsync(JoinTokenGrant grant, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RedeemResult> RedeemAsync(string usedBy, CancellationToken cancellationToken)
    {
        Redeemed++;
        return Task.FromResult(Answer);
    }
}

internal sealed class FakeDirectoryGrain : IProxyDirectoryGrain
{
    public ImmutableSortedSet<string> Nodes { get; private set; } = [];

    public Task AddAsync(string nodeId, CancellationToken cancellationToken)
    {
        Nodes = Nodes.Add(nodeId);
        return Task.CompletedTask;
    }

    public Task RemoveAsync(string nodeId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ImmutableArray<string>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
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

internal sealed class FakeSubscriptionGrain : IProxySubscriptionGrain
{
    private long _epoch;

    public Channel<string> Calls { get; } = Channel.CreateUnbounded<string>();

    public string Gateway { get; private set; } = "";

    public ImmutableDictionary<string, SubscriptionReport> Types { get; private set; } =
        ImmutableDictionary<string, SubscriptionReport>.Empty;

    public Task<long> ConnectAsync(ProxyConnection connection, CancellationToken cancellationToken)
    {
        Gateway = connection.Gateway;
        Calls.Writer.TryWrite($"connect {connection.Namespace}");
        return Task.FromResult(++_epoch);
    }

    public Task<bool> ReportAsync(long streamEpoch, ImmutableArray<SubscriptionReport> reports, CancellationToken cancellationToken)
    {
        Types = Types.SetItems(reports.Select(r => KeyValuePair.Create(r.TypeUrl, r)));
        Calls.Writer.TryWrite($"report {streamEpoch}");
        return Task.FromResult(streamEpoch == _epoch);
    }

    public AutomaticScope? Scope { get; private set; }

    public Task<bool> ReportScopeAsync(long streamEpoch, AutomaticScope? scope, CancellationToken cancellationToken)
    {
        Scope = scope;
        return Task.FromResult(streamEpoch == _epoch);
    }

    public Task DisconnectAsync(long streamEpoch, CancellationToken cancellationToken)
    {
        Calls.Writer.TryWrite($"disconnect {streamEpoch}");
        return Task.CompletedTask;
    }

    public Task<ProxyView?> FindAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
