using System.Net;
using System.Text.Json;

namespace MeshOrleans.Samples.Harness;

/// <summary>What a member of the mesh is to be.</summary>
/// <param name="Name">Its workload name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="ServiceAccount">Its service account.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Version">What its echo answers as version.</param>
public sealed record MemberSpec(
    string Name,
    string Namespace,
    string ServiceAccount,
    IReadOnlyDictionary<string, string> Labels,
    string Version = "v1")
{
    /// <summary>
    /// The workload port that policies speak of; the application listens there on its own loopback address.
    /// </summary>
    public int Port { get; init; } = 8080;

    /// <summary>
    /// A second workload port, named tcp, on which the application echoes bytes; null when there is none.
    /// </summary>
    public int? TcpPort { get; init; }

    /// <summary>The gateways its sidecar is given; null for the control plane that it joins.</summary>
    public string? Xds { get; init; }

    /// <summary>Further flags of the sidecar.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>What runs as the sidecar, if not <see cref="Binaries.Sidecar"/>.</summary>
    public string? Program { get; init; }
}

/// <summary>An echo application with a sidecar in front of it.</summary>
public sealed class Member : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly string[] _flags;

    private Member(
        MemberSpec spec,
        MeshProcess? application,
        MeshProcess sidecar,
        string[] flags,
        string stateDirectory,
        JsonElement listening,
        string address)
    {
        (Spec, Application, Sidecar, StateDirectory, Address) = (spec, application, sidecar, stateDirectory, address);
        _flags = flags;
        OutboundPort = listening.GetProperty("outbound").GetInt32();
        AdminPort = listening.GetProperty("admin").GetInt32();
        StatusPort = listening.GetProperty("status").GetInt32();
        InboundPorts = listening.GetProperty("inbound").EnumerateObject()
            .ToDictionary(p => int.Parse(p.Name), p => p.Value.GetInt32());
        Client = new HttpClient(new SocketsHttpHandler
        {
            Proxy = new WebProxy($"http://127.0.0.1:{OutboundPort}"),
            UseProxy = true,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    /// <summary>What it was asked to be.</summary>
    public MemberSpec Spec { get; }

    /// <summary>The application; null when it runs elsewhere.</summary>
    public MeshProcess? Application { get; }

    /// <summary>The sidecar.</summary>
    public MeshProcess Sidecar { get; private set; }

    /// <summary>Where the sidecar keeps its certificate and its last good configuration.</summary>
    public string StateDirectory { get; }

    /// <summary>The loopback address that the application and its sidecar share.</summary>
    public string Address { get; }

    /// <summary>The HTTP proxy port of the application's own calls.</summary>
    public int OutboundPort { get; }

    /// <summary>The port on which others reach the application's own port through its sidecar.</summary>
    public int InboundPort => InboundPorts[Spec.Port];

    /// <summary>Workload port to the port on which others reach it through the sidecar.</summary>
    public IReadOnlyDictionary<int, int> InboundPorts { get; }

    /// <summary>The sidecar's admin port.</summary>
    public int AdminPort { get; }

    /// <summary>The sidecar's readiness port.</summary>
    public int StatusPort { get; }

    /// <summary>Calls services as the application would: through its sidecar.</summary>
    public HttpClient Client { get; }

    /// <summary>
    /// Starts the application and its sidecar with a fresh join token, and waits until both are ready.
    /// </summary>
    public static async Task<Member> StartAsync(ControlPlane controlPlane, string directory, MemberSpec spec)
    {
        var address = LoopbackAddress.Next();
        var echo = MeshProcess.Start(
            $"echo {spec.Name}",
            Binaries.Find("MeshOrleans.Samples.Echo", "samples/Echo", "mesh-echo"),
            [
                "--address", address, "--port", $"{spec.Port}",
                "--service", spec.Labels.GetValueOrDefault("app", spec.Name), "--version", spec.Version,
                .. spec.TcpPort is { } tcp ? ["--tcp-port", $"{tcp}"] : Array.Empty<string>(),
            ]);
        try
        {
            await echo.WaitForAsync("listening", StartTimeout);
            return await JoinAsync(controlPlane, directory, spec, echo, address);
        }
        catch
        {
            await echo.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Starts a sidecar with a fresh join token, for an application that runs elsewhere, and waits until it is ready.
    /// </summary>
    /// <param name="controlPlane">Whom it joins.</param>
    /// <param name="directory">Where its state goes, in a folder of its name.</param>
    /// <param name="spec">What it is to be.</param>
    /// <param name="address">The loopback address on which the application listens, at the port of the spec.</param>
    public static Task<Member> StartBesideAsync(
        ControlPlane controlPlane, string directory, MemberSpec spec, string address) =>
        JoinAsync(controlPlane, directory, spec, application: null, address);

    private static async Task<Member> JoinAsync(
        ControlPlane controlPlane, string directory, MemberSpec spec, MeshProcess? application, string address)
    {
        var state = Path.Combine(directory, spec.Name);
        Directory.CreateDirectory(state);
        var tokenFile = Path.Combine(state, "token");
        await File.WriteAllTextAsync(tokenFile, await controlPlane.MintTokenAsync(spec.Namespace, spec.ServiceAccount));
        string[] flags =
        [
            "--xds", spec.Xds ?? controlPlane.Xds,
            "--namespace", spec.Namespace,
            "--service-account", spec.ServiceAccount,
            "--workload-name", spec.Name,
            "--labels", string.Join(',', spec.Labels.Select(l => $"{l.Key}={l.Value}")),
            "--address", address,
            "--app-address", address,
            "--app-port", spec.TcpPort is { } second ? $"{spec.Port},{second}" : $"{spec.Port}",
            "--port-names", spec.TcpPort is null ? "http" : "http,tcp",
            "--inbound-port", spec.TcpPort is null ? "0" : "0,0",
            "--outbound-port", "0", "--admin-port", "0", "--status-port", "0", "--metrics-port", "0",
            "--token-file", tokenFile,
            "--state-dir", Path.Combine(state, "sidecar"),
            .. spec.Flags,
        ];
        return await StartSidecarAsync(spec, application, flags, state, address);
    }

    /// <summary>
    /// Starts a sidecar from the configuration that the control plane answered to a VM's registration.
    /// </summary>
    public static async Task<Member> StartFromConfigAsync(
        MemberSpec spec, MeshProcess? application, string configFile, string state, string address) =>
        await StartSidecarAsync(
            spec,
            application,
            [
                "--config", configFile,
                "--inbound-port", "0", "--outbound-port", "0",
                "--admin-port", "0", "--status-port", "0", "--metrics-port", "0",
                "--state-dir", Path.Combine(state, "sidecar"),
                .. spec.Flags,
            ],
            state,
            address);

    /// <summary>Kills the sidecar and starts it again with the state it left, on the ports it had.</summary>
    public async Task RestartSidecarAsync()
    {
        await Sidecar.DisposeAsync();
        LaunchSidecar();
        await Sidecar.WaitForAsync("ready", StartTimeout);
    }

    /// <summary>Starts the sidecar, which has ended, with the state it left, on the ports it had; does not wait.</summary>
    public void LaunchSidecar()
    {
        string[] ports =
        [
            "--outbound-port", $"{OutboundPort}",
            "--admin-port", $"{AdminPort}",
            "--status-port", $"{StatusPort}",
            "--inbound-port", string.Join(',', InboundPorts.OrderBy(p => p.Key).Select(p => p.Value)),
        ];
        Sidecar = Launch(Spec, [.. _flags, .. ports]);
    }

    /// <summary>Waits until what the sidecar has accepted so far is on its disk.</summary>
    public async Task WaitForLastGoodAsync()
    {
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{AdminPort}") };
        var file = new FileInfo(Path.Combine(StateDirectory, "sidecar", "config.lkg"));
        for (var end = DateTime.UtcNow + StartTimeout; ; await Task.Delay(20))
        {
            using var dump = JsonDocument.Parse(await admin.GetStringAsync("/config_dump"));
            var accepted = AcceptedAt(dump.RootElement).DefaultIfEmpty(DateTime.MaxValue).Max();
            file.Refresh();
            if (file.Exists && file.LastWriteTimeUtc >= accepted) return;
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException($"{Spec.Name} did not save what it accepted at {accepted:O}.");
            }
        }
    }

    private static IEnumerable<DateTime> AcceptedAt(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(AcceptedAt),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "acceptedAt"
            ? [member.Value.GetDateTimeOffset().UtcDateTime]
            : AcceptedAt(member.Value)),
        _ => [],
    };

    /// <summary>
    /// Waits until a call through the sidecar is answered with a status of success: others that are ready need not be known here yet.
    /// </summary>
    /// <param name="url">What it calls.</param>
    /// <param name="seconds">For how long at most.</param>
    public async Task ReachAsync(string url, int seconds = 30)
    {
        for (var end = DateTime.UtcNow.AddSeconds(seconds); ; await Task.Delay(20))
        {
            using var response = await Client.GetAsync(url);
            if (response.IsSuccessStatusCode) return;
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException(
                    $"{url} still answers {Spec.Name} with {(int)response.StatusCode} after {seconds} s.\n{Sidecar.Tail()}");
            }
        }
    }

    /// <summary>Waits until the application has seen so many requests.</summary>
    public async Task WaitForRequestsAsync(int count)
    {
        using var direct = new HttpClient();
        for (var end = DateTime.UtcNow + StartTimeout; ; await Task.Delay(20))
        {
            using var stats = JsonDocument.Parse(await direct.GetStringAsync($"http://{Address}:{Spec.Port}/_stats"));
            if (stats.RootElement.GetProperty("total").GetInt32() >= count) return;
            if (DateTime.UtcNow > end) throw new TimeoutException($"{Spec.Name} did not see {count} request(s).");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Sidecar.DisposeAsync();
        if (Application is not null) await Application.DisposeAsync();
    }

    private static async Task<Member> StartSidecarAsync(
        MemberSpec spec, MeshProcess? application, string[] flags, string state, string address)
    {
        var sidecar = Launch(spec, flags);
        try
        {
            var listening = await sidecar.WaitForAsync("listening", StartTimeout);
            await sidecar.WaitForAsync("ready", StartTimeout);
            return new Member(spec, application, sidecar, flags, state, listening, address);
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    private static MeshProcess Launch(MemberSpec spec, string[] flags) =>
        MeshProcess.Start($"sidecar {spec.Name}", spec.Program ?? Binaries.Sidecar(), flags);
}
