namespace MeshOrleans.Grains.Subscriptions;

[KeepAlive]
internal sealed class GatewayDirectoryGrain(TimeProvider clock) : Grain, IGatewayDirectoryGrain
{
    private readonly long _activatedAt = clock.GetTimestamp();
    private GatewayDirectoryState _state = new();

    public Task BeatAsync(GatewayBeat beat, CancellationToken cancellationToken)
    {
        _state = GatewayDirectoryMachine.Beat(_state, beat, Age());
        return Task.CompletedTask;
    }

    public Task LeaveAsync(string name, CancellationToken cancellationToken)
    {
        _state = GatewayDirectoryMachine.Leave(_state, name);
        return Task.CompletedTask;
    }

    public Task<GatewayListing> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult(GatewayDirectoryMachine.List(_state, Age()));

    private TimeSpan Age() => clock.GetElapsedTime(_activatedAt);
}
