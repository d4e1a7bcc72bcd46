using MeshOrleans.Model;
using MeshOrleans.Proxy.Sidecar.Logs;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Proxy.Sidecar.Xds;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Process;

/// <summary>The command <c>mesh-sidecar</c>.</summary>
internal static class SidecarCommand
{
    private const int Failed = 1;
    private const int Usage = 2;

    // Whoever hears it at all has ASP.NET Core make an Activity of each request, which nothing here looks at.
    private const string RequestActivities = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        if (arguments is ["help"] || arguments.Any(a => a is "--help" or "-h"))
        {
            await output.WriteLineAsync(Flags.HelpText());
            return 0;
        }

        if (arguments is ["--version"])
        {
            await output.WriteLineAsync($"mesh-sidecar {NodeFactory.Version}");
            return 0;
        }

        SidecarSettings settings;
        try
        {
            settings = SettingsReader.Read(arguments, Environment.GetEnvironmentVariable, Environment.MachineName);
        }
        catch (SettingsException exception)
        {
            await error.WriteLineAsync($"mesh-sidecar: {exception.Message}");
            return Usage;
        }

        return await RunAsync(settings, output, error, cancellationToken);
    }

    private static async Task<int> RunAsync(
        SidecarSettings settings, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var surroundings = new Surroundings(TimeProvider.System, SharedRandomSource.Instance);
        var threshold = new LogThreshold(settings.LogLevel);
        await using var provider = new StderrLoggerProvider(threshold, settings.JsonLog, surroundings.Clock, error);
        using var loggers = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Trace)
            .AddFilter(RequestActivities, LogLevel.None)
            .AddProvider(provider));
        try
        {
            await using var sidecar = new SidecarProcess(settings, surroundings, threshold, loggers, output);
            await sidecar.RunAsync(cancellationToken);
            return 0;
        }
        catch (Exception exception) when (exception is SettingsException or IOException)
        {
            await error.WriteLineAsync($"mesh-sidecar: {exception.Message}");
            return Failed;
        }
    }
}
