#if MESH_ENGINE_ORLEANS
using MeshOrleans.Silo.Hosting.Orleans;
using MeshOrleans.Silo.Identity;
using Microsoft.AspNetCore.Connections;
#else
using MeshOrleans.Grains;
using MeshOrleans.Grains.Embedded;
using Orleans.Storage;
#endif

namespace MeshOrleans.Silo.Hosting;

/// <summary>The one place that knows which runtime hosts the grains.</summary>
internal static class GrainEngine
{
#if MESH_ENGINE_ORLEANS
    public const string Name = "orleans";

    /// <summary>What this engine cannot do of what is asked; null when it can.</summary>
    public static string? WhyNot(SiloOptions settings) => settings is { Role: SiloRole.Gateway, Store: "" }
        ? "a gateway of its own finds the silos through the database: give it their --store"
        : null;

    /// <summary>Whether a call failed because silos come and go, or because its grain had to begin anew.</summary>
    public static bool IsUnsettled(Exception exception) => exception is OrleansException or ConnectionAbortedException;

    /// <summary>Orleans: a silo by itself, one of many on PostgreSQL, or a client of those.</summary>
    public static void AddGrainEngine(this WebApplicationBuilder builder, SiloOptions settings)
    {
        var secret = ClusterSecret.Open(settings.SecretsDirectory);
        builder.Services.AddSingleton(secret);
        if (settings.Role is SiloRole.Gateway) builder.AddClusterClient(settings, secret);
        else if (settings.Store.Length > 0) builder.AddClusterSilo(settings, secret);
        else builder.AddSingleSilo(settings, secret);
    }
#else
    public const string Name = "embedded";

    /// <summary>What this engine cannot do of what is asked; null when it can.</summary>
    public static string? WhyNot(SiloOptions settings) =>
        settings.Store.Length > 0 || settings.Role is not SiloRole.Silo
            ? "engine 'embedded' is one process with its state in --data; --store and --role gateway need engine "
                + "'orleans', whose packages must restore (./mesh doctor says what is missing)"
            : null;

    /// <summary>Whether a call failed because its grain had to begin anew.</summary>
    public static bool IsUnsettled(Exception exception) => exception is InconsistentStateException;

    /// <summary>The embedded engine, with state and reminders in the stores that are registered.</summary>
    public static void AddGrainEngine(this WebApplicationBuilder builder, SiloOptions settings) =>
        builder.Services.AddEmbeddedGrains(options =>
        {
            options.AddAssembly(typeof(MeshGrains).Assembly);
            options.RemovableFrom = state => (state as IExpiringState)?.RemovableFrom;
        });
#endif
}
