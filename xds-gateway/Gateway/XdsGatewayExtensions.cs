using MeshOrleans.Model;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway;

/// <summary>Puts the gateway into a host.</summary>
public static class XdsGatewayExtensions
{
    /// <summary>
    /// Registers the gateway: the copy of the mesh and what follows it, streams, secrets, status. The host adds an
    /// <c>IGrainFactory</c>.
    /// </summary>
    public static IServiceCollection AddXdsGateway(this IServiceCollection services)
    {
        services.AddOptions<XdsGatewayOptions>().BindConfiguration(XdsGatewayOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<XdsGatewayOptions>, XdsGatewayOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource>(SharedRandomSource.Instance);
        services.AddSingleton<SnapshotHolder>();
        services.AddSingleton<GrpcHealthBoard>();
        services.AddHostedService<SnapshotFollower>();
        return services;
    }

    /// <summary>Maps discovery, certificates and health. The host decides on which ports they can be reached.</summary>
    public static void MapXds(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcHealth(endpoints.ServiceProvider.GetRequiredService<GrpcHealthBoard>());
        endpoints.MapGrpcUnimplemented();
    }
}
