using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model;
using MeshOrleans.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>
/// All grains in this process, on stores that outlive it. A second silo on the same stores is what comes up after a
/// crash of the first, which the test simply no longer calls.
/// </summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly ServiceProvider _services;

    private TestSilo(TestStores stores, ManualTimeProvider clock, Action<AuthorityOptions> configure)
    {
        (Stores, Clock) = (stores, clock);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton<TimeProvider>(clock);
        services.AddSingleton<IRandomSource>(new EvenChance());
        services.AddSingleton<ISnapshotStore>(stores.Snapshots);
        services.AddSingleton<IRevisionStore>(stores.Revisions);
        services.AddSingleton<IAuthorityKeyStore>(stores.Keys);
        services.AddSingleton<IPluggedAuthority>(stores.Plugged);
        services.AddSingleton<IGrainStateStore>(stores.State);
        services.AddSingleton<IReminderStore>(stores.Reminders);
        services.AddMeshGrains();
        services.Configure(configure);
        services.AddEmbeddedGrains(options =>
        {
            options.AddAssembly(typeof(StorageNames).Assembly);
            options.RemovableFrom = state => (state as IExpiringState)?.RemovableFrom;
        });
        _services = services.BuildServiceProvider();
    }

    public TestStores Stores { get; }

    public ManualTimeProvider Clock { get; }

    public IMeshSnapshotGrain Snapshot => Grain<IMeshSnapshotGrain>(MeshKeys.Default);

    public static async Task<TestSilo> StartAsync(
        TestStores? stores = null, ManualTimeProvider? clock = null, Action<AuthorityOptions>? configure = null)
    {
        var silo = new TestSilo(stores ?? new TestStores(), clock ?? new ManualTimeProvider(), configure ?? (_ => { }));
        foreach (var service in silo._services.GetServices<IHostedService>()) await service.StartAsync(CancellationToken.None);
        return silo;
    }

    public TGrain Grain<TGrain>(string key)
        where TGrain : IGrainWithStringKey => _services.GetRequiredService<IGrainFactory>().GetGrain<TGrain>(key);

    /// <summary>What the mesh knows now, by snapshot key.</summary>
    public async Task<IReadOnlyDictionary<string, SnapshotChange>> ReadAsync()
    {
        await foreach (var batch in Snapshot.FollowAsync("", 0).WithCancellation(Impatience()))
        {
            return batch.Changes.ToDictionary(c => c.Key);
        }

        throw new InvalidOperationException("The snapshot ended.");
    }

    /// <summary>Waits until the mesh is told of a key.</summary>
    public async Task WaitForAsync(string key)
    {
        await foreach (var batch in Snapshot.FollowAsync("", 0).WithCancellation(Impatience()))
        {
            if (batch.Changes.Any(c => c.Key == key)) return;
        }
    }

    /// <summary>Cancelled when a test has waited too long for something.</summary>
    public static CancellationToken Impatience() => new CancellationTokenSource(_patience).Token;

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>()) await service.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    private sealed class EvenChance : IRandomSource
    {
        public double NextDouble() => 0.5;
    }
}
