using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Storage;

/// <summary>
/// The store of one control plane: one file, one writer. A write is answered when it is on the disk; writes that wait
/// together are synced together.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const int MaxBatch = 512;

    private readonly DataDirectory _directory;
    private readonly SqliteSession _session;
    private readonly BlockingCollection<SqliteOperation> _queue = [];
    private readonly Thread _loop;

    private SqliteDatabase(DataDirectory directory, (SqliteSession Session, bool CanWrite) opened)
    {
        _directory = directory;
        (var session, WasWritable) = opened;
        _session = session;
        _loop = new Thread(RunLoop) { IsBackground = true, Name = "mesh.db" };
        _loop.Start();
    }

    /// <summary>False when the disk was full when it was opened: it can be read, and writes are refused until there is room.</summary>
    public bool WasWritable { get; }

    public string Path => _directory.DatabasePath;

    /// <summary>Opens the database of a data directory, which is made when it is missing.</summary>
    /// <exception cref="StorageException">It cannot be written, is damaged, is newer, or is in use.</exception>
    public static SqliteDatabase Open(string dataDirectory)
    {
        SQLitePCL.Batteries_V2.Init();
        var directory = DataDirectory.Open(dataDirectory);
        try
        {
            return new SqliteDatabase(directory, OpenSession(directory.DatabasePath));
        }
        catch (SqliteException exception)
        {
            directory.Dispose();
            throw SqliteErrors.Explain(exception, directory.DatabasePath);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Has something written, durably or not at all.</summary>
    /// <param name="body">Throws to leave everything as it was.</param>
    /// <param name="cancellationToken">Ends the wait; what has begun may be written all the same.</param>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> body, CancellationToken cancellationToken) =>
        EnqueueAsync(new SqliteOperation<T>(writes: true, body, cancellationToken), cancellationToken);

    /// <summary>Has something read: everything that was written before, and nothing that is not durable.</summary>
    public Task<T> ReadAsync<T>(Func<SqliteSession, T> body, CancellationToken cancellationToken) =>
        EnqueueAsync(new SqliteOperation<T>(writes: false, body, cancellationToken), cancellationToken);

    /// <summary>Finishes what was asked for, then closes.</summary>
    public void Dispose()
    {
        if (_queue.IsAddingCompleted) return;
        _queue.CompleteAdding();
        _loop.Join();
        _session.Dispose();
        _directory.Dispose();
        _queue.Dispose();
    }

    private static (SqliteSession Session, bool CanWrite) OpenSession(string path)
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 5, // seconds that a lock of another program is waited for
        };
        var connection = new SqliteConnection(text.ConnectionString);
        var session = new SqliteSession(connection);
        try
        {
            connection.Open();
            var findings = session.Query("PRAGMA quick_check(1)", r => r.GetString(0));
            if (findings is not ["ok"]) throw SqliteErrors.Damaged(path, string.Join(' ', findings).ReplaceLineEndings(" "));
            session.Query("PRAGMA journal_mode = WAL", r => r.GetString(0));
            session.Execute("PRAGMA synchronous = FULL"); // the default of WAL would lose acknowledged writes with the power
            return (session, SqliteSchema.Migrate(session, path));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private Task<T> EnqueueAsync<T>(SqliteOperation<T> operation, CancellationToken cancellationToken)
    {
        try
        {
            _queue.Add(operation, cancellationToken);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(Path);
        }

        return operation.Result.WaitAsync(cancellationToken);
    }

    private void RunLoop()
    {
        var batch = new SqliteBatch(_session, Path);
        List<SqliteOperation> operations = [];
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            operations.Add(first);
            while (operations.Count < MaxBatch && _queue.TryTake(out var next)) operations.Add(next);
            batch.Run(operations);
            operations.Clear();
        }
    }
}
