namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>One test on a fresh host and a grain key of its own.</summary>
public abstract class GrainContract : IAsyncLifetime
{
    protected string Key { get; } = Journal.NewKey();

    protected IGrainHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await GrainHosts.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();

    protected TGrain Grain<TGrain>() where TGrain : IGrainWithStringKey => Host.Grains.GetGrain<TGrain>(Key);
}
