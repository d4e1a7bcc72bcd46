using Orleans.Storage;

namespace MeshOrleans.Grains.Embedded;

/// <summary>One grain in memory: its queue of turns, and its life from the first call to the deactivation.</summary>
internal sealed class Activation : IGrainContext
{
    private readonly Lock _gate = new();
    private readonly ActivationCatalog _catalog;
    private readonly ActivationLife _life;
    private readonly TurnQueue _turns = new();
    private readonly HashSet<GrainTimer> _timers = [];
    private readonly HashSet<IOpenStream> _streams = [];
    private readonly TaskCompletionSource _turnsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActivationStatus _status = ActivationStatus.Activating;
    private DeactivationReason? _reason;
    private long _lastUse;
    private Turn? _awaited;

    public Activation(GrainId grainId, GrainClass grainClass, ActivationCatalog catalog)
    {
        GrainId = grainId;
        Class = grainClass;
        _catalog = catalog;
        Scheduler = new ActivationScheduler(this);
        _life = new ActivationLife(this);
        _lastUse = catalog.Clock.GetTimestamp();
    }

    public GrainId GrainId { get; }

    public GrainClass Class { get; }

    public ActivationScheduler Scheduler { get; }

    public ActivationCatalog Catalog => _catalog;

    public IServiceProvider ActivationServices => _life.Services;

    public object? GrainInstance => _life.Grain;

    public IGrainBase Grain => _life.Grain!;

    /// <summary>The call that the grain made last, while it waits for its answer.</summary>
    public string? Awaited => Volatile.Read(ref _awaited)?.AwaitedAs;

    public Task Deactivated => _deactivated.Task;

    /// <summary>Begins to activate. Called once, by whoever put it into the catalog.</summary>
    public void Begin() => Post(() => _ = ActivateAsync());

    /// <summary>Queues a turn. False when this activation has ended and another one must take it.</summary>
    public bool TryAdd(Turn turn)
    {
        lock (_gate)
        {
            if (_status is ActivationStatus.Ended) return false;
            _turns.Add(turn);
            if (turn.KeepsAlive) Touch();
            BeginTurns();
            return true;
        }
    }

    public void OnTurnEnded(Turn turn)
    {
        lock (_gate)
        {
            _turns.End(turn);
            if (turn.KeepsAlive) Touch();
            BeginTurns();
        }
    }

    /// <summary>Another writer was faster: memory is not what is saved, so it must go.</summary>
    public void OnInconsistentState(InconsistentStateException exception)
    {
        // Thrown by a grain that this one called: that one has gone already.
        if (!exception.IsSourceActivation) return;
        exception.IsSourceActivation = false;
        Deactivate(new DeactivationReason(
            DeactivationReasonCode.ApplicationError, exception, "The saved state was written by somebody else."));
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_status is ActivationStatus.Ended || _reason is not null) return;
            _reason = deactivationReason;
            if (_status is ActivationStatus.Active) BeginTurns();
            else if (deactivationReason.ReasonCode is DeactivationReasonCode.ShuttingDown) _life.Abandon();
        }
    }

    /// <summary>Deactivates when nobody has used it for longer than its class allows.</summary>
    public void DeactivateIfIdle()
    {
        if (Class.CollectionAge == Timeout.InfiniteTimeSpan) return;
        var unused = _catalog.Clock.GetElapsedTime(Interlocked.Read(ref _lastUse));
        lock (_gate)
        {
            if (_status is not ActivationStatus.Active || !_turns.IsIdle) return;
            if (unused < Class.CollectionAge || _streams.Any(s => s.IsAwaited)) return;
        }

        Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"Not used for {unused}."));
    }

    public void Touch() => Interlocked.Exchange(ref _lastUse, _catalog.Clock.GetTimestamp());

    public void NoteAwaited(Turn call) => Volatile.Write(ref _awaited, call);

    public void ForgetAwaited(Turn call) => Interlocked.CompareExchange(ref _awaited, null, call);

    /// <summary>Has something done on the grain's scheduler, beside its turns.</summary>
    public void Post(Action action) => _ = Task.Factory.StartNew(
        action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler);

    /// <summary>Has something done on the grain's scheduler, beside its turns.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> body) => Task.Factory.StartNew(
        body, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

    /// <summary>Has something done on the grain's scheduler, beside its turns.</summary>
    public Task RunAsync(Func<Task> body) => Task.Factory.StartNew(
        body, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

    /// <summary>False when the activation takes no more streams.</summary>
    public bool TryAdd(IOpenStream stream)
    {
        lock (_gate) return _status is ActivationStatus.Active && _streams.Add(stream);
    }

    public void Remove(IOpenStream stream)
    {
        lock (_gate) _streams.Remove(stream);
        Touch();
    }

    /// <summary>False when the activation takes no more timers.</summary>
    public bool TryAdd(GrainTimer timer)
    {
        lock (_gate)
        {
            return _status is ActivationStatus.Activating or ActivationStatus.Active && _timers.Add(timer);
        }
    }

    public void Remove(GrainTimer timer)
    {
        lock (_gate) _timers.Remove(timer);
    }

    public void AddState(IGrainState state) => _life.States.Add(state);

    private async Task ActivateAsync()
    {
        try
        {
            await _life.BeginAsync();
        }
        catch (Exception exception)
        {
            StopTimers();
            await _life.DismissAsync();
            foreach (var turn in End(forward: false)) turn.Reject(exception);
            return;
        }

        lock (_gate)
        {
            _status = ActivationStatus.Active;
            StartTurns(); // also when it is to deactivate already: every activation answers what it was made for
            BeginTurns();
        }
    }

    // Under the lock.
    private void BeginTurns()
    {
        if (_status is ActivationStatus.Active && _reason is not null)
        {
            _status = ActivationStatus.Deactivating;
            Post(() => _ = DeactivateAsync());
        }

        if (_status is ActivationStatus.Active) StartTurns();
        if (_status is ActivationStatus.Deactivating && !_turns.IsRunning) _turnsEnded.TrySetResult();
    }

    private void StartTurns()
    {
        while (_turns.TryBegin(out var turn)) turn!.Start(this);
    }

    private async Task DeactivateAsync()
    {
        StopTimers();
        IOpenStream[] streams;
        lock (_gate) streams = [.. _streams];
        var streamsEnded = Task.WhenAll(streams.Select(s => s.AbortAsync()));
        await _turnsEnded.Task;
        await _life.EndAsync(_reason!.Value, streamsEnded);
        End(forward: true);
    }

    private void StopTimers()
    {
        GrainTimer[] timers;
        lock (_gate)
        {
            timers = [.. _timers];
            _timers.Clear();
        }

        foreach (var timer in timers) timer.Dispose();
    }

    /// <summary>Leaves the catalog; what waits goes to the next activation or, without one, comes back.</summary>
    private List<Turn> End(bool forward)
    {
        List<Turn> waiting;
        lock (_gate)
        {
            _status = ActivationStatus.Ended;
            waiting = _turns.TakeWaiting().FindAll(t => t.Forwardable);
            _catalog.Replace(this, forward ? waiting : []);
        }

        _deactivated.SetResult();
        return waiting;
    }
}
