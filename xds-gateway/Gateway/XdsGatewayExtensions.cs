using MeshOrleans.Model;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Callers;
using MeshOrleans.Xds.Gateway.Demands;
using MeshOrleans.Xds.Gateway.Hosting;
using MeshOrleans.Xds.Gateway.Identity;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Gateway.Secrets;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Gateway.Workloads;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway;

/// <summary>Puts the gateway into a host.</summary>
public static class XdsGatewayExtensions
{
    private const string Discovery = "/" + ReadinessBoard.DiscoveryService;

    /// <summary>
    /// Registers the gateway: the copy of the mesh and what follows it, streams, secrets, status. The host adds an
    /// <c>IGrainFactory</c>.
    /// </summary>
    public static IServiceCollection AddXdsGateway(this IServiceCollection services)
    {
        services.AddOptions<XdsGatewayOptions>().BindConfiguration(XdsGatewayOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<XdsGatewayOptions>, XdsGatewayOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource>(SharedRandomSource.Instance);
        services.TryAddSingleton<IPeerAuthenticator, TlsPeerAuthenticator>();
        services.TryAddSingleton<ICertificateRates, UnboundedCertificateRates>();
        services.AddSingleton<GatewayName>();
        services.AddSingleton<SnapshotHolder>();
        services.AddSingleton<ScopeBook>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<GrpcHealthBoard>();
        services.AddSingleton<PushSource>();
        services.AddSingleton<SubscriptionReporter>();
        services.AddSingleton(
            p => new GatewayStatus(p.GetRequiredService<PushSource>(), p.GetRequiredService<ScopeBook>()));
        services.AddOptions<GatewayAddresses>();
        services.AddSingleton<GatewaySelf>();
        services.AddSingleton<ScopeMemory>();
        services.AddSingleton<CallerMemory>();
        services.AddSingleton<SvidParts>();
        services.AddSingleton<WorkloadParts>();
        services.AddSingleton<StreamFactories>();
        services.AddSingleton<StreamAdmission>();
        services.AddSingleton<StreamDrain>();
        services.AddSingleton<NackLog>();
        services.AddSingleton<FloodGuard>();
        services.AddSingleton<StreamParts>();
        services.AddSingleton<DiscoveryService>();
        services.AddWorkloads();
        services.AddSingleton<CertificateService>();
        services.AddHostedService<ReadinessBoard>();
        services.AddHostedService(p => p.GetRequiredService<PushSource>());
        services.AddHostedService(p => p.GetRequiredService<ScopeBook>());
        services.AddHostedService(p => p.GetRequiredService<SubscriptionReporter>());
        services.AddHostedService(p => p.GetRequiredService<ScopeMemory>());
        services.AddHostedService(p => p.GetRequiredService<CallerMemory>());
        services.AddHostedService<SnapshotFollower>();
        services.AddHostedService<GatewayHeartbeat>();
        services.AddHostedService<CertificateWatch>();
        return services;
    }

    /// <summary>Maps discovery, certificates and health. The host decides on which ports they can be reached.</summary>
    public static void MapXds(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var streams = services.GetRequiredService<DiscoveryService>();
        endpoints.MapGrpc(
            $"{Discovery}/StreamAggregatedResources", call => streams.ServeAsync(call, StreamProtocol.StateOfTheWorld));
        endpoints.MapGrpc(
            $"{Discovery}/DeltaAggregatedResources", call => streams.ServeAsync(call, StreamProtocol.Delta));
        endpoints.MapGrpcUnary(
            "/istio.v1.auth.IstioCertificateService/CreateCertificate",
            IstioCertificateRequest.Parser,
            services.GetRequiredService<CertificateService>().CreateAsync,
            maxMessageSize: 64 * 1024);
        endpoints.MapGrpcHealth(services.GetRequiredService<GrpcHealthBoard>());
        endpoints.MapGrpcUnimplemented();
    }
}
