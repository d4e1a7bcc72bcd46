using System.Text.Json;

namespace MeshOrleans.Samples.Harness;

/// <summary>What a gateway is to be.</summary>
/// <param name="Name">Its workload name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Labels">Its labels, by which Gateways select it.</param>
public sealed record GatewaySpec(string Name, string Namespace, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Its service account.</summary>
    public string ServiceAccount { get; init; } = "gateway";

    /// <summary>Where its credentials are; null when it has none.</summary>
    public string? Credentials { get; init; }
}

/// <summary>The sidecar's program at the edge of the mesh, where no application is behind it.</summary>
public sealed class GatewayMember : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _admin;

    private GatewayMember(GatewaySpec spec, MeshProcess process, JsonElement listening)
    {
        (Spec, Process) = (spec, process);
        var admin = listening.GetProperty("admin").GetInt32();
        _admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{admin}") };
        StatusPort = listening.GetProperty("status").GetInt32();
        Address = listening.GetProperty("address").GetString()!;
    }

    /// <summary>What it was asked to be.</summary>
    public GatewaySpec Spec { get; }

    /// <summary>The process.</summary>
    public MeshProcess Process { get; }

    /// <summary>The loopback address under which others know it; its listeners are on every address.</summary>
    public string Address { get; }

    /// <summary>Its readiness port.</summary>
    public int StatusPort { get; }

    /// <summary>Starts a gateway with a fresh join token, and waits until it is ready.</summary>
    public static async Task<GatewayMember> StartAsync(ControlPlane controlPlane, string directory, GatewaySpec spec)
    {
        var address = LoopbackAddress.Next();
        var state = Path.Combine(directory, spec.Name);
        Directory.CreateDirectory(state);
        var tokenFile = Path.Combine(state, "token");
        await File.WriteAllTextAsync(tokenFile, await controlPlane.MintTokenAsync(spec.Namespace, spec.ServiceAccount));
        var process = MeshProcess.Start(
            $"gateway {spec.Name}",
            Binaries.Sidecar(),
            [
                "--mode", "gateway",
                "--xds", controlPlane.Xds,
                "--namespace", spec.Namespace,
                "--service-account", spec.ServiceAccount,
                "--workload-name", spec.Name,
                "--labels", string.Join(',', spec.Labels.Select(l => $"{l.Key}={l.Value}")),
                "--address", address,
                "--admin-port", "0", "--status-port", "0", "--metrics-port", "0",
                "--token-file", tokenFile,
                "--state-dir", Path.Combine(state, "gateway"),
                .. spec.Credentials is { } credentials ? ["--credentials-dir", credentials] : Array.Empty<string>(),
            ]);
        try
        {
            var listening = await process.WaitForAsync("listening", StartTimeout);
            await process.WaitForAsync("ready", StartTimeout);
            return new GatewayMember(spec, process, listening);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads what its admin port says.</summary>
    public Task<string> AdminAsync(string path) => _admin.GetStringAsync(path);

    /// <summary>Waits until exactly these ports are open.</summary>
    /// <exception cref="TimeoutException">They were not; the message holds what is.</exception>
    public async Task WaitForPortsAsync(params int[] ports)
    {
        var last = "";
        for (var end = DateTime.UtcNow + StartTimeout; DateTime.UtcNow < end; await Task.Delay(20))
        {
            last = await AdminAsync("/listeners");
            using var listeners = JsonDocument.Parse(last);
            var open = listeners.RootElement.GetProperty("listeners").EnumerateArray()
                .Select(l => l.GetProperty("port").GetInt32());
            if (open.ToHashSet().SetEquals(ports)) return;
        }

        throw new TimeoutException(
            $"{Spec.Name} does not have the ports {string.Join(", ", ports)} but {last}\n{Process.Tail()}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await Process.DisposeAsync();
    }
}
