using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Every activation of the process, at most one for a grain.</summary>
internal sealed partial class ActivationCatalog(
    IServiceScopeFactory scopes,
    EmbeddedGrainOptions options,
    TimeProvider clock,
    ILogger<ActivationCatalog> logger) : IDisposable
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private ITimer? _collector;
    private volatile bool _stopping;

    public EmbeddedGrainOptions Options => options;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;

    public int Count => _activations.Count;

    public AsyncServiceScope CreateScope() => scopes.CreateAsyncScope();

    /// <summary>Queues a call at its grain, which is activated if need be.</summary>
    public Task<T> Send<T>(GrainCall<T> call, GrainClass grainClass)
    {
        var answer = call.Await(clock, options.CallTimeout);
        if (!answer.IsCompleted) Dispatch(call, call.Target, grainClass);
        return answer;
    }

    /// <summary>An activation has ended: takes it out, and gives what still waits for it to the next one.</summary>
    public void Replace(Activation ended, IReadOnlyCollection<Turn> waiting)
    {
        if (waiting.Count == 0 || _stopping)
        {
            _activations.TryRemove(KeyValuePair.Create(ended.GrainId, ended));
            foreach (var turn in waiting) turn.Reject(ShuttingDown(ended.GrainId));
            return;
        }

        var next = new Activation(ended.GrainId, ended.Class, this);
        foreach (var turn in waiting) next.TryAdd(turn);
        _activations[ended.GrainId] = next;
        next.Begin();
    }

    public void StartCollector()
    {
        _collector = clock.CreateTimer(
            static catalog => ((ActivationCatalog)catalog!).CollectIdle(),
            this,
            options.CollectionQuantum,
            options.CollectionQuantum);
    }

    /// <summary>Deactivates everything, within <see cref="EmbeddedGrainOptions.DeactivationTimeout"/>.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        Dispose();
        using var patience = new CancellationTokenSource(options.DeactivationTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (!_activations.IsEmpty) await DeactivateAllAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            LogNotAllDeactivated(_activations.Count, string.Join(", ", _activations.Keys.Take(5)));
        }
    }

    public void Dispose() => _collector?.Dispose();

    private static OrleansException ShuttingDown(GrainId grain) =>
        new($"{grain} cannot be called: the process is shutting down.");

    private void Dispatch(Turn turn, GrainId target, GrainClass grainClass)
    {
        while (true)
        {
            if (!_activations.TryGetValue(target, out var activation))
            {
                if (_stopping)
                {
                    turn.Reject(ShuttingDown(target));
                    return;
                }

                var created = new Activation(target, grainClass, this);
                activation = _activations.GetOrAdd(target, created);
                if (ReferenceEquals(activation, created)) activation.Begin();
            }

            if (activation.TryAdd(turn)) return;
        }
    }

    private void CollectIdle()
    {
        foreach (var activation in _activations.Values) activation.DeactivateIfIdle();
    }

    private Task DeactivateAllAsync(CancellationToken cancellationToken)
    {
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The process is shutting down.");
        var all = _activations.Values.ToArray();
        foreach (var activation in all) activation.Deactivate(reason, cancellationToken);
        return Task.WhenAll(all.Select(a => a.Deactivated)).WaitAsync(cancellationToken);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} grains were still busy at the end of the shutdown, among them {Grains}.")]
    private partial void LogNotAllDeactivated(int count, string grains);
}
