using System.Collections.Concurrent;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Scopes;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Grains in memory, one instance per key, all of them the test's to look into.</summary>
internal sealed class FakeGrains : IGrainFactory
{
    private readonly ConcurrentDictionary<(Type Type, string Key), object> _grains = new();

    public FakeSnapshotGrain Mesh => Get<IMeshSnapshotGrain, FakeSnapshotGrain>("default");

    public FakeGatewayDirectoryGrain Gateways => Get<IGatewayDirectoryGrain, FakeGatewayDirectoryGrain>("default");

    public FakeIdentityGrain Identity(string spiffeId) => Get<IIdentityGrain, FakeIdentityGrain>(spiffeId);

    public FakeWorkloadGrain Workload(string name) => Get<IWorkloadGrain, FakeWorkloadGrain>(name);

    public FakeTokenGrain Token(string hash) => Get<IJoinTokenGrain, FakeTokenGrain>(hash);

    /// <summary>The grain of the share that a node belongs to.</summary>
    public FakeSubscriptionGrain Subscriptions(string nodeId) =>
        Get<IProxySubscriptionGrain, FakeSubscriptionGrain>(ProxyShares.KeyOf(nodeId));

    public FakeWorkloadScopeGrain Scope(string key) => Get<IWorkloadScopeGrain, FakeWorkloadScopeGrain>(key);

    public FakePlaintextCallersGrain Callers(string ns) => Get<IPlaintextCallersGrain, FakePlaintextCallersGrain>(ns);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey => (TGrainInterface)_grains.GetOrAdd((typeof(TGrainInterface), primaryKey), Create);

    private TFake Get<TInterface, TFake>(string key)
        where TInterface : IGrainWithStringKey => (TFake)(object)GetGrain<TInterface>(key);

    private static object Create((Type Type, string Key) of) => of.Type.Name switch
    {
        nameof(IMeshSnapshotGrain) => new FakeSnapshotGrain(),
        nameof(IIdentityGrain) => new FakeIdentityGrain(),
        nameof(IWorkloadGrain) => new FakeWorkloadGrain(),
        nameof(IJoinTokenGrain) => new FakeTokenGrain(),
        nameof(IProxySubscriptionGrain) => new FakeSubscriptionGrain(),
        nameof(IWorkloadScopeGrain) => new FakeWorkloadScopeGrain(),
        nameof(IPlaintextCallersGrain) => new FakePlaintextCallersGrain(),
        nameof(IGatewayDirectoryGrain) => new FakeGatewayDirectoryGrain(),
        _ => throw new NotSupportedException(of.Type.Name),
    };
}
