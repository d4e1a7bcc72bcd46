using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Silo.Identity;
using MeshOrleans.Silo.Schema;
using MeshOrleans.Silo.Storage.Postgres;
using Npgsql;

namespace MeshOrleans.Silo.Storage;

/// <summary>Decides where everything is kept: in a file of this process's own, or in a database that many share.</summary>
internal static class StoreRegistration
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Registers the stores of whatever hosts grains here; a gateway has none.</summary>
    public static void AddStores(this IServiceCollection services, SiloOptions settings)
    {
        if (settings.Role is SiloRole.Gateway) return;
        services.AddHostedService<RemovableStateSweep>();
        if (settings.CaDir.Length > 0)
        {
            services.AddSingleton<IPluggedAuthority>(
                provider => new PluggedAuthorityFiles(settings.CaDir, provider.GetRequiredService<TimeProvider>()));
        }

        if (settings.Store.Length == 0)
        {
            services.AddSqliteStorage(settings.Data);
            services.AddSingleton<IAuthorityKeyStore>(
                new FileAuthorityKeyStore(Path.Combine(settings.SecretsDirectory, "ca", "authority.pem")));
            return;
        }

        services.AddSingleton(provider => new PostgresDatabase(
            Connection(settings),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PostgresDatabase>>()));
        services.AddSingleton<ISnapshotStore, PostgresSnapshotStore>();
        services.AddSingleton<IRevisionStore, PostgresRevisionStore>();
        services.AddSingleton<IAuthorityKeyStore, PostgresAuthorityKeyStore>();
        services.AddSingleton<IRemovableStates, PostgresRemovableStates>();
    }

    /// <summary>
    /// Brings the shared database up to date, or makes sure that it is. Waits a while for a database that does not answer
    /// yet, and a gateway also for the silo that makes the tables: after a power cut everything starts at once.
    /// </summary>
    /// <param name="settings">Where the database is.</param>
    /// <param name="clock">Measures the wait.</param>
    /// <param name="onWait">Told once, why it is waited.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SchemaException">It cannot be used as it is.</exception>
    /// <exception cref="FormatException">It belongs to a cluster with another secret than this process holds.</exception>
    public static async Task PrepareStoreAsync(
        SiloOptions settings, TimeProvider clock, Action<string> onWait, CancellationToken cancellationToken)
    {
        if (settings.Store.Length == 0) return;
        var isTold = false;
        for (var begin = clock.GetTimestamp(); ; await Task.Delay(_pause, clock, cancellationToken))
        {
            try
            {
                await using var connection = await PostgresSchema.OpenAsync(Connection(settings), cancellationToken);
                await PrepareAsync(settings, connection, cancellationToken);
                return;
            }
            catch (SchemaException exception) when (exception.MayPass && clock.GetElapsedTime(begin) < _patience)
            {
                if (!isTold) onWait(exception.Message);
                isTold = true;
            }
        }
    }

    private static async Task PrepareAsync(
        SiloOptions settings, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // before anything of another cluster's is changed
        ClusterName.Check(await ClusterName.ReadAsync(connection, cancellationToken), settings.Cluster);
        await PrepareTablesAsync(settings, connection, cancellationToken);
        await PrepareClusterAsync(settings, connection, cancellationToken);
        ClusterSecret.Check(
            settings.SecretsDirectory,
            await PostgresAuthorityKeyStore.ReadSealAsync(connection, cancellationToken),
            mayMake: settings.Role is SiloRole.Silo);
    }

    // What the role lacks is told before anything fails for it, and again for tables that others have made meanwhile.
    private static async Task PrepareTablesAsync(
        SiloOptions settings, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var isGateway = settings.Role is SiloRole.Gateway;
        await PostgresRights.CheckAsync(connection, isGateway, cancellationToken);
        if (settings.Migrate && !isGateway) await PostgresSchema.MigrateAsync(connection, cancellationToken);
        else await PostgresSchema.CheckAsync(connection, cancellationToken);
        await PostgresRights.CheckAsync(connection, isGateway, cancellationToken);
    }

    // A gateway leaves no trace in the database; where it may not see the name, it finds no silos by a wrong one.
    private static async Task PrepareClusterAsync(
        SiloOptions settings, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (settings.Role is SiloRole.Silo) await ClusterName.ClaimAsync(connection, settings.Cluster, cancellationToken);
        else ClusterName.Check(await ClusterName.ReadAsync(connection, cancellationToken), settings.Cluster);
    }

    /// <summary>The connection string of the shared database.</summary>
    /// <exception cref="FormatException">The URL is none.</exception>
    public static string Connection(SiloOptions settings) =>
        PostgresUrl.TryParse(settings.Store, out var text, out var error)
            ? text
            : throw new FormatException($"--store cannot be used: {error}");
}
