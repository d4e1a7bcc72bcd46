namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// Runs everything of one activation, one piece at a time: the starts of its turns and every continuation of an await
/// in them. That alone is what makes a grain single-threaded; it holds no thread of its own.
/// </summary>
internal sealed class ActivationScheduler(Activation activation) : TaskScheduler, IThreadPoolWorkItem
{
    private const int PiecesPerSlice = 64; // then others of the pool get their chance

    [ThreadStatic]
    private static ActivationScheduler? s_running;

    private readonly Lock _gate = new();
    private readonly Queue<Task> _tasks = new();
    private bool _scheduled;

    /// <summary>The scheduler that the calling code belongs to; null outside the grains.</summary>
    public static new ActivationScheduler? Current => TaskScheduler.Current as ActivationScheduler;

    public Activation Activation => activation;

    public override int MaximumConcurrencyLevel => 1;

    void IThreadPoolWorkItem.Execute()
    {
        s_running = this;
        try
        {
            for (var pieces = 0; pieces < PiecesPerSlice; pieces++)
            {
                if (Next() is not { } task) return;
                TryExecuteTask(task);
            }
        }
        finally
        {
            s_running = null;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected override void QueueTask(Task task)
    {
        lock (_gate)
        {
            _tasks.Enqueue(task);
            if (_scheduled) return;
            _scheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && s_running == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate) return [.. _tasks];
    }

    private Task? Next()
    {
        lock (_gate)
        {
            if (_tasks.TryDequeue(out var task)) return task;
            _scheduled = false;
            return null;
        }
    }
}
