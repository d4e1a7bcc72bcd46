using System.Text.Json;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Multicluster.Federation;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Silo.Issuers;
using MeshOrleans.Silo.Storage;
using MeshOrleans.Xds.Gateway;
using MeshOrleans.Xds.Gateway.Hosting;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Hosting;

/// <summary>The control plane in one process: grains, store, REST API, gateway. The only place that knows them all.</summary>
internal static class ControlPlaneHost
{
    /// <summary>Runs until it is asked to end.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IEnumerable<KeyValuePair<string, string?>> flags, string? configFile)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var settings = Configure(builder, flags, configFile);
        if (GrainEngine.WhyNot(settings) is { } reason) throw new IOException(reason);
        await StoreRegistration.PrepareStoreAsync(
            settings,
            TimeProvider.System,
            reason => Console.Error.WriteLine($"mesh-silo: waiting: {reason}"),
            CancellationToken.None);
        Register(builder, settings);
        await using var app = builder.Build();
        app.Services.GetRequiredService<AdminToken>(); // there before anybody is told where to call
        app.Services.GetRequiredService<AccessFile>(); // a wrong one is told before any port is open
        app.UseApi();
        app.MapXds();
        await app.StartAsync();
        Announce(app);
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static SiloOptions Configure(
        WebApplicationBuilder builder, IEnumerable<KeyValuePair<string, string?>> flags, string? configFile)
    {
        builder.Configuration.Sources.Clear();
        if (configFile is not null) builder.Configuration.AddJsonFile(Path.GetFullPath(configFile), optional: false);
        builder.Configuration.AddInMemoryCollection(CommandLine.ReadEnvironment(Environment.GetEnvironmentVariable));
        builder.Configuration.AddInMemoryCollection(flags);

        var services = builder.Services;
        services.AddOptions<SiloOptions>().Bind(builder.Configuration).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SiloOptions>, SiloOptionsValidator>();
        var settings = builder.Configuration.Get<SiloOptions>() ?? new SiloOptions();
        PrivateFile.CreateDirectory(settings.Data);
        EngineMark.Check(settings.Data);
        return settings;
    }

    private static void Register(WebApplicationBuilder builder, SiloOptions settings)
    {
        var services = builder.Services;
        AddLogging(builder);
        AddClock(services, settings);
        services.AddStores(settings);
        services.AddMeshGrains();
        services.Configure<MeshOptions>(mesh => mesh.TrustDomain = settings.TrustDomain);
        services.Configure<AuthorityOptions>(authority =>
        {
            authority.MaxLifetime = settings.LongestLifetime;
            authority.DefaultLifetime =
                settings.CertificateLifetime < authority.MaxLifetime ? settings.CertificateLifetime : authority.MaxLifetime;
            authority.IssueBurst = settings.IssueBurst;
            authority.IssueInterval = settings.IssueInterval;
            authority.KeyType = settings.CaKeyType;
            authority.PublishFor = settings.CaPublishFor;
            authority.PublishPatience = settings.CaPublishPatience;
            authority.RetireGrace = settings.CaRetireGrace;
        });
        builder.AddGrainEngine(settings);

        services.AddSingleton<Listeners>();
        services.AddSingleton<AdminToken>();
        services.AddSingleton<ServingCertificate>();
        services.AddHostedService(provider => provider.GetRequiredService<ServingCertificate>());
        services.AddXdsGateway();
        services.Configure<XdsGatewayOptions>(gateway => gateway.Name = settings.DisplayName);
        services.AddWorkloads();
        services.AddFederation(settings.PeerInterval);
        services.AddSingleton(provider => new KeySetClient(
            provider.GetRequiredService<IssuerNetwork>(), provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<KeySetFollower>();
        services.AddApi();
        services.Configure<SocketTransportOptions>(transport => transport.Backlog = XdsServerLimits.Backlog);
        services.AddOptions<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>()
            .Configure<Listeners, ServingCertificate, SnapshotHolder, TimeProvider, ILogger<ServingCertificate>>(
                (kestrel, listeners, certificate, snapshots, clock, logger) =>
                    listeners.Configure(kestrel, ControlPlaneTls.For(certificate, snapshots, clock, logger)));
    }

    // The first hosted service: nothing is to be signed, or found expired, before the time is known.
    private static void AddClock(IServiceCollection services, SiloOptions settings)
    {
        services.AddSingleton<ClusterClock>();
        services.AddSingleton<TimeProvider>(provider => provider.GetRequiredService<ClusterClock>());
        if (settings.Store.Length == 0) return;
        services.AddHostedService(provider => new ClockFollower(
            provider.GetRequiredService<ClusterClock>(),
            StoreRegistration.Connection(settings),
            provider.GetRequiredService<ILogger<ClockFollower>>()));
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Polly", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace); // standard output is for scripts
    }

    private static void Announce(WebApplication app)
    {
        var listeners = app.Services.GetRequiredService<Listeners>();
        var settings = app.Services.GetRequiredService<IOptions<SiloOptions>>().Value;
        var addresses = new Addresses(
            "listening",
            listeners.Api,
            listeners.Xds,
            listeners.XdsPlain,
            listeners.Monitoring,
            GrainEngine.Name,
            settings.TrustDomain,
            settings.Role.ToString().ToLowerInvariant());
        var json = JsonSerializer.Serialize(addresses, JsonSerializerOptions.Web);
        if (AddressFile.Write(settings.Data, json) is { } reason) Console.Error.WriteLine($"mesh-silo: warning: {reason}");
        Console.WriteLine(Console.IsOutputRedirected ? json : Readable(addresses, settings));
    }

    private static string Readable(Addresses addresses, SiloOptions settings) => $"""
        MeshOrleans control plane ({addresses.Role}), engine {addresses.Engine}, trust domain {addresses.TrustDomain}
          REST API      {addresses.Api}
          xDS, TLS      {addresses.Xds}
          xDS, plain    {addresses.XdsPlain ?? "off"}
          monitoring    {addresses.Monitoring}
          admin token   {Path.Combine(settings.SecretsDirectory, AdminToken.FileName)}
        Ctrl-C ends it.
        """;

    private sealed record Addresses(
        string Event,
        string Api,
        string Xds,
        string? XdsPlain,
        string Monitoring,
        string Engine,
        string TrustDomain,
        string Role);
}
