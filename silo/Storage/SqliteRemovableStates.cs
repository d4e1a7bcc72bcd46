namespace MeshOrleans.Silo.Storage;

/// <summary>The states in the control plane's own database that nobody needs any more.</summary>
internal sealed class SqliteRemovableStates(SqliteDatabase database) : IRemovableStates
{
    public Task<int> RemoveAsync(DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute(
            "DELETE FROM grain_state WHERE removable_from <= @now", ("@now", now.ToUnixTimeSeconds())),
        cancellationToken);
}
