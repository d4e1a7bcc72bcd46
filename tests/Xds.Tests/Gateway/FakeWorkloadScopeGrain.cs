using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains.Scopes;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>What a kind of workload has called, as the test sets it.</summary>
internal sealed class FakeWorkloadScopeGrain : IWorkloadScopeGrain
{
    public ImmutableArray<string> Hosts { get; set; } = [];

    /// <summary>Questions are heard and never answered.</summary>
    public bool IsMute { get; set; }

    public Channel<string> Recalls { get; } = Channel.CreateUnbounded<string>();

    public Channel<ImmutableArray<string>> Told { get; } = Channel.CreateUnbounded<ImmutableArray<string>>();

    public async Task<ImmutableArray<string>> RecallAsync(CancellationToken cancellationToken)
    {
        Recalls.Writer.TryWrite("recall");
        if (IsMute) await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
        return Hosts;
    }

    public Task RememberAsync(ImmutableArray<string> hosts, CancellationToken cancellationToken)
    {
        Told.Writer.TryWrite(hosts);
        return Task.CompletedTask;
    }
}
