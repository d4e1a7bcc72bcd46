using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Snapshots;
#if !MESH_ENGINE_ORLEANS
using MeshOrleans.Grains.Embedded;
#endif

namespace MeshOrleans.Silo.Storage;

/// <summary>Keeps everything in one SQLite file.</summary>
internal static partial class SqliteStorageExtensions
{
    /// <summary>
    /// Registers every store on <c>mesh.db</c> in a directory. The file is opened when the host starts; a
    /// <see cref="StorageException"/> then says in one line why it cannot be used.
    /// </summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, string dataDirectory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        services.AddSingleton(provider => Open(dataDirectory, provider.GetRequiredService<ILogger<SqliteDatabase>>()));
        services.AddSingleton<ISnapshotStore, SqliteSnapshotStore>();
        services.AddSingleton<IRevisionStore, SqliteRevisionStore>();
        services.AddSingleton<IRemovableStates, SqliteRemovableStates>();
#if !MESH_ENGINE_ORLEANS
        services.AddSingleton<IGrainStateStore, SqliteGrainStateStore>();
        services.AddSingleton<IReminderStore, SqliteReminderStore>();
#endif
        return services;
    }

    private static SqliteDatabase Open(string dataDirectory, ILogger<SqliteDatabase> logger)
    {
        var database = SqliteDatabase.Open(dataDirectory);
        if (!database.WasWritable) LogFull(logger, database.Path);
        return database;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Path} can be read, but the disk is full: every change is refused until there is room.")]
    private static partial void LogFull(ILogger logger, string path);
}
