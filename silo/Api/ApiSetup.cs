using MeshOrleans.Multicluster.Federation;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Api;

/// <summary>The REST API as a whole: what it needs, and on which ports it answers.</summary>
internal static class ApiSetup
{
    public static void AddApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddProblemDetails();
        services.AddSingleton<ApiAuthentication>();
        services.AddSingleton<JoinAdmission>();
        services.AddSingleton<ExplainTurns>();
        services.AddSingleton<WorkloadListing>();
        services.AddSingleton<IdentityListing>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Add(
            new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver()));
        services.AddOptions<OnboardingOptions>()
            .Configure<Listeners, IOptions<SiloOptions>>((options, listeners, silo) =>
                options.XdsAddress = () => silo.Value.Gateways is { Length: > 0 } gateways ? gateways : listeners.Xds);
        services.AddOptions<GatewayAddresses>().Configure<Listeners>((addresses, listeners) =>
            (addresses.Xds, addresses.Api) = (() => listeners.Xds, () => listeners.Api));
        services.AddOptions<FederationOptions>().Configure<Listeners, SnapshotHolder>((options, listeners, snapshots) =>
        {
            options.OwnAddress = () => listeners.Xds;
            options.Snapshot = () => snapshots.Current;
        });
    }

    /// <summary>
    /// Maps the API. It answers on its own port and on the TLS port, where certificates say who calls.
    /// </summary>
    public static void UseApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseMiddleware<StoreFailureMiddleware>();
        app.UseMiddleware<ListenerMiddleware>();
        app.UseRouting();
        app.MapConfig();
        app.MapAnalysis();
        app.MapRevisions();
        app.MapWorkloads();
        app.MapTokens();
        app.MapCertificates();
        app.MapAuthority();
        app.MapServices();
        app.MapProxies();
        app.MapGateways();
        app.MapExplain();
        app.MapPeers();
        app.MapNotYet();
        app.MapMonitoring();
        app.MapFallback("/v1/{**rest}", (string rest) => Problems.NotFound($"There is no call /v1/{rest}."));
    }
}
