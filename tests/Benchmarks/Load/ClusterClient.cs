using MeshOrleans.Silo;
using MeshOrleans.Silo.Hosting.Orleans;
using MeshOrleans.Silo.Identity;
using MeshOrleans.Samples.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Benchmarks.Load;

/// <summary>This process as a client of the cluster's silos, joined exactly as a gateway joins.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    private readonly IHost _host;

    private ClusterClient(IHost host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public static async Task<ClusterClient> StartAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        var settings = new SiloOptions { Store = cluster.Store, Secrets = cluster.Secrets, Role = SiloRole.Gateway };
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddClusterClient(settings, ClusterSecret.Open(settings.SecretsDirectory));
        var client = new ClusterClient(builder.Build());
        try
        {
            await client._host.StartAsync(cancellationToken);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }
}
