using MeshOrleans.Multicluster.Federation;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Multicluster.Workloads.Members;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Access.Ended;
using MeshOrleans.Silo.Access.Keys;
using MeshOrleans.Silo.Access.Kubernetes;
using MeshOrleans.Silo.Access.Members;
using MeshOrleans.Silo.Audit;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Silo.Issuers;
using MeshOrleans.Silo.Mtls;
using MeshOrleans.Xds.Gateway.Identity;
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
        services.AddApiAccess();
        services.AddSingleton<JoinAdmission>();
        services.AddSingleton<ExplainTurns>();
        services.AddSingleton<WorkloadListing>();
        services.AddSingleton<IdentityListing>();
        services.AddSingleton<CallerBook>();
        services.AddSingleton<StrictGate>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Add(
            new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver()));
        services.AddOptions<OnboardingOptions>()
            .Configure<Listeners, IOptions<SiloOptions>>((options, listeners, silo) =>
                options.XdsAddress = () => silo.Value.Gateways is { Length: > 0 } gateways ? gateways : listeners.Xds)
            .Configure<AccessFile>((options, access) =>
                options.JoinTokensReattest = () => access.Current.JoinTokensReattest);
        services.AddOptions<GatewayAddresses>().Configure<Listeners>((addresses, listeners) =>
            (addresses.Xds, addresses.Api) = (() => listeners.Xds, () => listeners.Api));
        services.AddOptions<FederationOptions>().Configure<Listeners, SnapshotHolder>((options, listeners, snapshots) =>
        {
            options.OwnAddress = () => listeners.Xds;
            options.Snapshot = () => snapshots.Current;
        });
    }

    /// <summary>Who calls, by the admin credential, the access file and certificates; and what proves a workload.</summary>
    public static void AddApiAccess(this IServiceCollection services)
    {
        services.AddSingleton<ApiAuthentication>();
        services.AddSingleton<AccessFile>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessFile>());
        services.AddSingleton<IdentityRoles>();
        services.AddSingleton<CallerRates>();
        services.AddSingleton<ICertificateRates>(provider => provider.GetRequiredService<CallerRates>());
        services.AddSingleton<AuditTrail>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        services.AddSingleton(IssuerNetwork.OfMachine());
        services.AddSingleton<KeyBook>();
        services.AddSingleton<TokenReader>();
        services.AddSingleton<TokenReview>();
        services.AddSingleton<IAttestor, KubernetesAttestor>();
        services.AddSingleton<EndedRefusals>();
        services.AddSingleton<EndedNodes>();
        services.AddSingleton<IAttestor, EndedCertificateAttestor>();
        services.AddSingleton<IMemberRules, MemberRules>();
    }

    /// <summary>
    /// Maps the API. It answers on its own port and on the TLS port, where certificates say who calls.
    /// </summary>
    public static void UseApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseMiddleware<StoreFailureMiddleware>();
        app.UseMiddleware<ListenerMiddleware>();
        app.UseApiCalls();
        app.MapMonitoring();
    }

    /// <summary>The calls themselves, whatever port they come in on.</summary>
    public static void UseApiCalls(this WebApplication app)
    {
        app.UseMiddleware<BrowserMiddleware>();
        app.UseRouting();
        app.UseMiddleware<UndeclaredMiddleware>();
        app.UseMiddleware<AuditMiddleware>();
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
        app.MapMtls();
        app.MapPeers();
        app.MapWhoAmI();
        app.MapAudit();
        app.MapNotYet();
        app.MapFallback("/v1/{**rest}", (string rest) => Problems.NotFound($"There is no call /v1/{rest}."))
            .AllowEverybody("that a call is not there is no secret");
    }
}
