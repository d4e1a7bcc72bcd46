using System.Collections.Concurrent;
using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Keeps what it is told, and can be out of reach.</summary>
internal sealed class FakePlaintextCallersGrain : IPlaintextCallersGrain
{
    private int _calls;

    public ConcurrentQueue<CallerReport> Told { get; } = new();

    public int Calls => Volatile.Read(ref _calls);

    public volatile bool IsAway;

    public Task TellAsync(ImmutableArray<CallerReport> reports, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        if (IsAway) throw new InvalidOperationException("The grain is away.");
        foreach (var report in reports) Told.Enqueue(report);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<CallerReport>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<CallerReport>>([.. Told]);

    public Task<int> ForgetAsync(string address, CancellationToken cancellationToken) => Task.FromResult(0);
}
