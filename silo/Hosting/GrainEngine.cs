using MeshOrleans.Grains;
#if MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Sockets;
using MeshOrleans.Silo.Hosting.Orleans;
using MeshOrleans.Silo.Storage;
using Orleans.Storage;
#else
using MeshOrleans.Grains.Embedded;
#endif

namespace MeshOrleans.Silo.Hosting;

/// <summary>The one place that knows which runtime hosts the grains.</summary>
internal static class GrainEngine
{
#if MESH_ENGINE_ORLEANS
    public const string Name = "orleans";

    /// <summary>One Orleans silo in this process. A cluster of many on PostgreSQL is not part of this version.</summary>
    public static void AddGrainEngine(this WebApplicationBuilder builder) => builder.Host.UseOrleans(silo =>
    {
        silo.UseLocalhostClustering(FreePort(), FreePort(), serviceId: "mesh", clusterId: "mesh");
        silo.AddReminders();
        silo.Services.AddSingleton<IReminderTable, SqliteReminderTable>();
        silo.Services.AddSingleton<OrleansGrainStorageSerializer>();
        silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Mesh, (services, _) => new SqliteGrainStorage(
            StorageNames.Mesh,
            services.GetRequiredService<SqliteDatabase>(),
            services.GetRequiredService<OrleansGrainStorageSerializer>()));
    });

    // Orleans does not take 0 for "any port".
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
#else
    public const string Name = "embedded";

    /// <summary>The embedded engine, with state and reminders in the stores that are registered.</summary>
    public static void AddGrainEngine(this WebApplicationBuilder builder) =>
        builder.Services.AddEmbeddedGrains(options => options.AddAssembly(typeof(MeshGrains).Assembly));
#endif
}
