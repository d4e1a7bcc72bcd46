using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Snapshots;
#if !MESH_ENGINE_ORLEANS
using MeshOrleans.Grains.Embedded;
#endif

namespace MeshOrleans.Silo.Storage;

/// <summary>Keeps everything in one SQLite file.</summary>
internal static class SqliteStorageExtensions
{
    /// <summary>
    /// Registers every store on <c>mesh.db</c> in a directory. The file is opened when the host starts; a
    /// <see cref="StorageException"/> then says in one line why it cannot be used.
    /// </summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, string dataDirectory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        services.AddSingleton(_ => SqliteDatabase.Open(dataDirectory));
        services.AddSingleton<ISnapshotStore, SqliteSnapshotStore>();
        services.AddSingleton<IRevisionStore, SqliteRevisionStore>();
#if !MESH_ENGINE_ORLEANS
        services.AddSingleton<IGrainStateStore, SqliteGrainStateStore>();
        services.AddSingleton<IReminderStore, SqliteReminderStore>();
#endif
        return services;
    }
}
