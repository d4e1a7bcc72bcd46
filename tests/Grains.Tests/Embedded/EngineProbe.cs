using MeshOrleans.Grains.Tests.Contract;

namespace MeshOrleans.Grains.Tests.Embedded;

/// <summary>A grain that shows what is the embedded engine's own.</summary>
public interface IEngineProbe : IGrainWithStringKey
{
    /// <summary>Calls another grain, which calls back: each waits for the other.</summary>
    Task RelayAsync(string other);

    Task CallBackAsync(string caller);

    Task PingAsync();

    Task HangAsync();

    Task StartTimerAsync(TimeSpan period, bool keepAlive);

    IAsyncEnumerable<int> WaitForeverAsync(CancellationToken cancellationToken = default);
}

internal sealed class EngineProbe : Grain, IEngineProbe
{
    private string Key => this.GetPrimaryKeyString();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Journal.Note(Key, $"deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task RelayAsync(string other) => GrainFactory.GetGrain<IEngineProbe>(other).CallBackAsync(Key);

    public Task CallBackAsync(string caller) => GrainFactory.GetGrain<IEngineProbe>(caller).PingAsync();

    public Task PingAsync() => Task.CompletedTask;

    public Task HangAsync() => new TaskCompletionSource().Task;

    public Task StartTimerAsync(TimeSpan period, bool keepAlive)
    {
        this.RegisterGrainTimer(
            () =>
            {
                Journal.Note(Key + " ticks", "tick");
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(period, period) { KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<int> WaitForeverAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Journal.Note(Key + " streams", "waits");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        yield break;
    }
}

/// <summary>A grain that is never collected.</summary>
public interface IKeptProbe : IGrainWithStringKey
{
    Task PingAsync();
}

[KeepAlive]
internal sealed class KeptProbe : Grain, IKeptProbe
{
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Journal.Note(this.GetPrimaryKeyString(), $"deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task PingAsync() => Task.CompletedTask;
}

/// <summary>A grain that cannot be made.</summary>
public interface IUnmadeProbe : IGrainWithStringKey
{
    Task PingAsync();
}

internal sealed class UnmadeProbe(IUnregistered missing) : Grain, IUnmadeProbe
{
    public Task PingAsync() => Task.FromResult(missing);
}

/// <summary>A service that nobody registers.</summary>
internal interface IUnregistered;

/// <summary>A grain that takes for ever to activate.</summary>
public interface ISlowProbe : IGrainWithStringKey
{
    Task PingAsync();
}

internal sealed class SlowProbe : Grain, ISlowProbe
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    public Task PingAsync() => Task.CompletedTask;
}
