namespace MeshOrleans.Silo.Storage;

/// <summary>Something to be done on the database, and somebody who waits for it.</summary>
internal abstract class SqliteOperation(bool writes, CancellationToken cancellationToken)
{
    public bool Writes => writes;

    /// <summary>Nobody waits for it any more, and it has not begun.</summary>
    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    /// <summary>Does it; what comes out is told later, by one of the other two.</summary>
    public abstract void Run(SqliteSession session);

    /// <summary>It is done, for good.</summary>
    public abstract void Complete();

    /// <summary>It was not done.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>An operation with a result.</summary>
internal sealed class SqliteOperation<T>(
    bool writes, Func<SqliteSession, T> body, CancellationToken cancellationToken)
    : SqliteOperation(writes, cancellationToken)
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _value = default!;

    public Task<T> Result => _result.Task;

    public override void Run(SqliteSession session) => _value = body(session);

    public override void Complete() => _result.TrySetResult(_value);

    public override void Fail(Exception exception) => _result.TrySetException(exception);
}
