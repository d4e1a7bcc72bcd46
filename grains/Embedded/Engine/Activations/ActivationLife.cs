using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Embedded;

/// <summary>The grain object of an activation and what it was made with: made, prepared, dismissed.</summary>
internal sealed partial class ActivationLife(Activation activation)
{
    private readonly ILogger _logger = activation.Catalog.Logger;
    private readonly TimeProvider _clock = activation.Catalog.Clock;
    private readonly EmbeddedGrainOptions _options = activation.Catalog.Options;
    private CancellationTokenSource? _patience; // while the grain prepares
    private bool _abandoned;
    private AsyncServiceScope? _scope;

    /// <summary>The states that the constructor asked for; filled by the constructor's arguments.</summary>
    public List<IGrainState> States { get; } = [];

    public IGrainBase? Grain { get; private set; }

    public IServiceProvider Services => _scope!.Value.ServiceProvider;

    /// <summary>Makes the grain, reads its state, and lets it prepare.</summary>
    /// <exception cref="TimeoutException">
    /// It took longer than <see cref="EmbeddedGrainOptions.ActivationTimeout"/>.
    /// </exception>
    public async Task BeginAsync()
    {
        using var patience = new CancellationTokenSource(_options.ActivationTimeout, _clock);
        _patience = patience;
        try
        {
            _scope = activation.Catalog.CreateScope();
            Grain = activation.Class.Construct(activation);
            foreach (var state in States) await state.ReadStateAsync(patience.Token);
            await Grain.OnActivateAsync(patience.Token);
        }
        catch (OperationCanceledException exception) when (patience.IsCancellationRequested)
        {
            throw _abandoned
                ? new OrleansException(
                    $"{activation.GrainId} was not activated: the process is shutting down.", exception)
                : new TimeoutException(
                    $"{activation.GrainId} was not activated within {_options.ActivationTimeout}.", exception);
        }
        finally
        {
            _patience = null;
        }
    }

    /// <summary>Tells a grain that still prepares that it need not: the process ends.</summary>
    public void Abandon() => activation.Post(() =>
    {
        _abandoned = true;
        _patience?.Cancel();
    });

    /// <summary>Lets the grain finish, but not for ever. Never throws.</summary>
    public async Task EndAsync(DeactivationReason reason, Task streamsEnded)
    {
        using var patience = new CancellationTokenSource(_options.DeactivationTimeout, _clock);
        try
        {
            await streamsEnded.WaitAsync(patience.Token);
        }
        catch (Exception exception)
        {
            LogStreamFailed(exception, activation.GrainId);
        }

        try
        {
            await Grain!.OnDeactivateAsync(reason, patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception exception)
        {
            LogDeactivationFailed(exception, activation.GrainId, reason.ReasonCode);
        }

        await DismissAsync();
    }

    /// <summary>Disposes the grain and its services. Never throws.</summary>
    public async Task DismissAsync()
    {
        try
        {
            if (Grain is IAsyncDisposable asyncDisposable) await asyncDisposable.DisposeAsync();
            else if (Grain is IDisposable disposable) disposable.Dispose();
            if (_scope is { } scope) await scope.DisposeAsync();
        }
        catch (Exception exception)
        {
            LogDisposeFailed(exception, activation.GrainId);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A stream of grain {Grain} did not end cleanly.")]
    private partial void LogStreamFailed(Exception exception, GrainId grain);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Grain {Grain} did not deactivate cleanly ({Reason}).")]
    private partial void LogDeactivationFailed(Exception exception, GrainId grain, DeactivationReasonCode reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Grain {Grain} was not disposed cleanly.")]
    private partial void LogDisposeFailed(Exception exception, GrainId grain);
}
