using Microsoft.Extensions.DependencyInjection;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>What federation needs of its host.</summary>
public static class FederationServices
{
    /// <summary>
    /// Registers links and the follower of peers; the host configures <see cref="FederationOptions"/>.
    /// </summary>
    public static IServiceCollection AddFederation(this IServiceCollection services, TimeSpan interval)
    {
        services.Configure<FederationOptions>(options => options.Interval = interval);
        return services.AddSingleton<PeerClient>().AddSingleton<Peering>().AddHostedService<PeerFollower>();
    }
}
