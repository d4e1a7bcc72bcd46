namespace MeshOrleans.Grains.Duties;

internal sealed class DutyGrain(TimeProvider clock) : Grain, IDutyGrain
{
    private string? _holder;
    private long _since;
    private TimeSpan _time;

    public Task<bool> TryHoldAsync(string holder, TimeSpan time, CancellationToken cancellationToken)
    {
        if (_holder is not null && _holder != holder && clock.GetElapsedTime(_since) < _time) return Task.FromResult(false);
        (_holder, _since, _time) = (holder, clock.GetTimestamp(), time);
        return Task.FromResult(true);
    }
}
