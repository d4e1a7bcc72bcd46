using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Storage;

/// <summary>
/// Runs what came together: all writes in one transaction, hence with one sync of the disk for all of them, then the
/// reads. A write that fails by itself leaves the others alone; a disk that fails, fails them all.
/// </summary>
internal sealed class SqliteBatch(SqliteSession session, string path)
{
    public void Run(IReadOnlyList<SqliteOperation> operations)
    {
        var waited = operations.Where(o => !Abandon(o)).ToList();
        var writes = waited.FindAll(o => o.Writes);
        if (writes.Count > 0) RunWrites(writes);
        foreach (var read in waited.Where(o => !o.Writes)) RunRead(read);
    }

    private static bool Abandon(SqliteOperation operation)
    {
        if (!operation.IsAbandoned) return false;
        operation.Fail(new OperationCanceledException());
        return true;
    }

    private void RunWrites(List<SqliteOperation> writes)
    {
        List<SqliteOperation> done = [];
        try
        {
            session.Execute("BEGIN IMMEDIATE");
            foreach (var write in writes)
            {
                if (TryWrite(write)) done.Add(write);
            }

            session.Execute("COMMIT");
        }
        catch (Exception exception)
        {
            session.RollBack();
            var explained = Explain(exception);
            foreach (var write in writes) write.Fail(explained); // those that failed by themselves were told already
            return;
        }

        foreach (var write in done) write.Complete();
    }

    private bool TryWrite(SqliteOperation write)
    {
        session.Execute("SAVEPOINT one");
        try
        {
            write.Run(session);
            session.Execute("RELEASE one");
            return true;
        }
        catch (Exception exception) when (exception is not SqliteException sqlite || !SqliteErrors.EndsTransaction(sqlite))
        {
            session.Execute("ROLLBACK TO one");
            session.Execute("RELEASE one");
            write.Fail(exception);
            return false;
        }
    }

    private void RunRead(SqliteOperation read)
    {
        try
        {
            read.Run(session);
            read.Complete();
        }
        catch (Exception exception)
        {
            read.Fail(Explain(exception));
        }
    }

    private Exception Explain(Exception exception) =>
        exception is SqliteException sqlite ? SqliteErrors.Explain(sqlite, path) : exception;
}
