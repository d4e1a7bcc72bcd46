using MeshOrleans.Grains;
using MeshOrleans.Silo.Identity;
using MeshOrleans.Silo.Storage;
using MeshOrleans.Silo.Storage.Postgres;
using Orleans.Configuration;
using Orleans.Storage;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>Hosts the grains on Orleans: a silo by itself, a silo among others, or a client of silos.</summary>
internal static class OrleansEngine
{
    /// <summary>One silo, with everything in the file of its data directory.</summary>
    public static void AddSingleSilo(this WebApplicationBuilder builder, SiloOptions settings, ClusterSecret secret) =>
        builder.Host.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(
                ClusterMembership.PortOf(settings.SiloPort, otherwise: 0),
                ClusterMembership.PortOf(settings.GrainPort, otherwise: 0));
            AddSilo(silo, settings, secret);
            silo.AddReminders();
            silo.Services.AddSingleton<IReminderTable, SqliteReminderTable>();
            silo.Services.AddSingleton<OrleansGrainStorageSerializer>();
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Mesh, (services, _) => new SqliteGrainStorage(
                StorageNames.Mesh,
                services.GetRequiredService<SqliteDatabase>(),
                services.GetRequiredService<OrleansGrainStorageSerializer>()));
        });

    /// <summary>One of a cluster's silos.</summary>
    public static void AddClusterSilo(this WebApplicationBuilder builder, SiloOptions settings, ClusterSecret secret) =>
        builder.Host.UseOrleans(silo =>
        {
            silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) =
                (ClusterMembership.Invariant, StoreRegistration.Connection(settings)));
            silo.AddReminders();
            silo.Services.AddSingleton<IReminderTable, PostgresReminderTable>();
            silo.Configure<EndpointOptions>(options => ClusterMembership.SetEndpoints(options, settings));
            silo.Services.AddSingleton<ClusterRow>();
            silo.Services.AddSingleton<Standstill>();
            // before the deadlines, which are only told right by a clock that was set after a pause
            silo.Services.AddSingleton<IIncomingGrainCallFilter>(s => s.GetRequiredService<Standstill>());
            silo.Services.AddHostedService(s => s.GetRequiredService<Standstill>());
            AddSilo(silo, settings, secret);
            MembershipTime.Decorate(silo.Services);
            silo.Services.AddHostedService<SilentSiloWatch>();
            silo.Services.AddSingleton<OrleansGrainStorageSerializer>();
            silo.Services.AddSingleton<PostgresStateWriter>();
            silo.Services.AddKeyedSingleton<IGrainStorage, PostgresGrainStorage>(StorageNames.Mesh);
        });

    /// <summary>A client of a cluster's silos.</summary>
    public static void AddClusterClient(
        this IHostApplicationBuilder builder, SiloOptions settings, ClusterSecret secret) =>
        builder.UseOrleansClient(client =>
        {
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) =
                (ClusterMembership.Invariant, StoreRegistration.Connection(settings)));
            client.Configure<ClusterOptions>(options => ClusterMembership.Name(options, settings));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = CallDeadline.Patience);
            var certificate = ClusterTls.CreateCertificate(secret, TimeProvider.System);
            client.UseTls(certificate, options => ClusterTls.Configure(options, certificate));
            client.UseConnectionRetryFilter<SiloSearch>();
            client.AddOutgoingGrainCallFilter<CallDeadline>();
        });

    private static void AddSilo(ISiloBuilder silo, SiloOptions settings, ClusterSecret secret)
    {
        silo.Configure<ClusterOptions>(options => ClusterMembership.Name(options, settings));
        silo.Configure<ClusterMembershipOptions>(ClusterMembership.SetLiveness);
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = CallDeadline.Patience);
        silo.Configure<global::Orleans.Configuration.SiloOptions>(options => options.SiloName = settings.DisplayName);
        silo.AddOutgoingGrainCallFilter<CallDeadline>();
        silo.AddIncomingGrainCallFilter<CallDeadline>();
        var certificate = ClusterTls.CreateCertificate(secret, TimeProvider.System);
        silo.UseTls(certificate, options => ClusterTls.Configure(options, certificate));
    }
}
