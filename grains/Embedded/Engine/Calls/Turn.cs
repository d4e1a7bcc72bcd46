namespace MeshOrleans.Grains.Embedded;

/// <summary>One piece of work for an activation: a call, the opening of a stream, a tick of a timer.</summary>
internal abstract class Turn
{
    // A turn runs in the context of who asked for it, not in that of the turn that happened to end before.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private Activation? _activation;

    /// <summary>Whether it may start while another turn is at an await.</summary>
    public bool Interleaves { get; init; }

    /// <summary>Whether it may start while only such turns are at an await.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Whether it counts as use of the activation.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>Whether it passes to the next activation when this one ends before it began.</summary>
    public virtual bool Forwardable => true;

    /// <summary>What somebody waits for, for messages; null when nobody does any more.</summary>
    public virtual string? AwaitedAs => null;

    /// <summary>Where it runs; null until it has begun.</summary>
    protected Activation? Activation => Volatile.Read(ref _activation);

    /// <summary>Begins, on the activation's scheduler.</summary>
    public void Start(Activation activation)
    {
        Interlocked.Exchange(ref _activation, activation);
        activation.Post(Run);
    }

    /// <summary>It will never begin.</summary>
    public abstract void Reject(Exception exception);

    /// <summary>Does the work and tells the outcome to whoever waits for it. Never throws.</summary>
    protected abstract Task RunAsync(Activation activation);

    private void Run()
    {
        if (_context is null) _ = RunToEndAsync();
        else ExecutionContext.Run(_context, static turn => _ = ((Turn)turn!).RunToEndAsync(), this);
    }

    private async Task RunToEndAsync()
    {
        await RunAsync(_activation!);
        _activation!.OnTurnEnded(this);
    }
}
