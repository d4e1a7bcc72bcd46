#if MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using Orleans.Storage;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>One silo of Orleans, whose storage outlives it.</summary>
internal sealed class OrleansGrainHost : IGrainHost
{
    private readonly KeptGrainStorage _storage = new();
    private readonly KeptReminderTable _reminders = new();
    private IHost _host = null!;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public TimeSpan ReminderPeriod => TimeSpan.FromSeconds(1);

    public static async Task<IGrainHost> StartAsync()
    {
        var host = new OrleansGrainHost();
        await host.StartSiloAsync();
        return host;
    }

    public async Task RestartAsync()
    {
        await DisposeAsync();
        await StartSiloAsync();
    }

    public Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task StartSiloAsync()
    {
        var builder = new HostApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort(), FreePort());
            silo.AddReminders();
            silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = ReminderPeriod);
            silo.Services.AddSingleton<IReminderTable>(_reminders);
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Mesh, (services, _) =>
            {
                _storage.Serializer = services.GetRequiredService<Serializer>();
                return _storage;
            });
        });
        _host = builder.Build();
        return _host.StartAsync();
    }
}
#endif
