using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using MeshOrleans.Interop.Tests.Foreign;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Interop.Tests;

/// <summary>
/// A control plane and one foreign program of each kind that is installed; there is no sidecar anywhere. What a case
/// needs it makes under names of its own.
/// </summary>
public sealed class InteropMesh : IAsyncLifetime
{
    /// <summary>The namespace of everything.</summary>
    public const string Namespace = "interop";

    /// <summary>The port of every service, and that of every server that is no xDS server.</summary>
    public const int Port = 7070;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-interop-");
    private readonly Dictionary<ForeignKind, Program> _programs = [];
    private (MeshProcess? Process, long Refusals) _tolerated;
    private int _channels;

    /// <summary>The control plane.</summary>
    public ControlPlane ControlPlane { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        ControlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        var programs = await Task.WhenAll(Enum.GetValues<ForeignKind>()
            .Where(kind => Prerequisites.Missing(kind) is null)
            .Select(kind => StartAsync(kind, NameOf(kind))));
        foreach (var program in programs) _programs.Add(program.Peer.Kind, program);
    }

    public async Task DisposeAsync()
    {
        foreach (var program in _programs.Values) await program.Peer.DisposeAsync();
        await ControlPlane.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>The program of a kind.</summary>
    public ForeignPeer this[ForeignKind kind] => _programs[kind].Peer;

    /// <summary>What a program is called: its workload, service account and label app.</summary>
    public static string NameOf(ForeignKind kind) => $"{kind}".ToLowerInvariant();

    /// <summary>What is dialled for a service.</summary>
    public static string TargetOf(string service) => $"xds:///{service}.{Namespace}.svc.cluster.local:{Port}";

    /// <summary>The literal address and port on which a program is an xDS server.</summary>
    public string ServerAddressOf(ForeignKind kind) => $"{_programs[kind].Address}:{_programs[kind].ServerPort}";

    /// <summary>The folder that <c>meshctl workload configure</c> has written for a program.</summary>
    public string FolderOf(ForeignKind kind) => _programs[kind].Folder;

    /// <summary>Makes a service that selects by label app.</summary>
    public Task<JsonElement> AddServiceAsync(string name, string rules = "") => ControlPlane.ApplyAsync($$"""
        {apiVersion: v1, kind: Service, metadata: {name: {{name}}, namespace: {{Namespace}} }, spec: {selector: {app: {{name}} }, ports: [{name: grpc, port: {{Port}} }]} }
        ---
        {{rules}}
        """);

    /// <summary>Starts a server of the same kind and registers it over REST as a member without sidecar.</summary>
    public async Task<Backend> AddBackendAsync(ForeignKind kind, string service, string version, string? certificates = null)
    {
        var backend = new Backend(service, version, LoopbackAddress.Next());
        await this[kind].ServeAsync($"{backend.Address}:{Port}", backend.Name, certificates);
        await RegisterAsync(backend, Port);
        return backend;
    }

    /// <summary>Registers a server that runs already.</summary>
    public async Task RegisterAsync(Backend backend, int port)
    {
        using var answer = await ControlPlane.Api.PostAsJsonAsync("/v1/workloads", new
        {
            @namespace = Namespace,
            name = backend.Name,
            address = backend.Address,
            ports = new { grpc = port },
            labels = new { app = backend.Service, version = backend.Version },
            serviceAccount = backend.Service,
            leaseSeconds = 300,
        });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Takes a member out; its server goes on.</summary>
    public async Task RemoveAsync(Backend backend)
    {
        using var answer = await ControlPlane.Api.DeleteAsync($"/v1/workloads/{Namespace}/{backend.Name}");
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>A new channel of a program to a service.</summary>
    public async Task<string> OpenAsync(ForeignKind kind, string service)
    {
        var channel = $"channel-{Interlocked.Increment(ref _channels)}";
        await this[kind].OpenAsync(channel, TargetOf(service));
        return channel;
    }

    /// <summary>
    /// Runs <c>meshctl workload configure --grpc</c>. The files are looked at every second, and not every ten.
    /// </summary>
    /// <returns>The folder.</returns>
    public async Task<string> ConfigureAsync(string name, string address, int port)
    {
        var folder = Path.Combine(_directory.FullName, name);
        await using var meshctl = MeshProcess.Start(
            $"meshctl {name}",
            Binaries.Find("MeshOrleans.Cli", "cli", "meshctl"),
            [
                "--data", ControlPlane.DataDirectory, "workload", "configure", name, "--namespace", Namespace,
                "--service-account", name, "--address", address, "--port", $"grpc={port}", "--label", $"app={name}",
                "--grpc", folder,
            ]);
        Assert.True(await meshctl.WaitForExitAsync(Patience) == 0, meshctl.Tail());
        var bootstrap = JsonNode.Parse(await File.ReadAllTextAsync(BootstrapIn(folder)))!;
        bootstrap["certificate_providers"]!["default"]!["config"]!["refresh_interval"] = "1s";
        await File.WriteAllTextAsync(BootstrapIn(folder), bootstrap.ToJsonString());
        return folder;
    }

    /// <summary>The bootstrap file in a folder of <see cref="ConfigureAsync"/>.</summary>
    public static string BootstrapIn(string folder) => Path.Combine(folder, "grpc-bootstrap.json");

    /// <summary>Calls until the outcome is as wanted: a program takes a configuration over in its own time.</summary>
    /// <exception cref="TimeoutException">It never was; the message holds the last outcome.</exception>
    public static async Task<Tally> EventuallyAsync(Func<Task<Tally>> call, Func<Tally, bool> wanted, string what)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(20))
        {
            var tally = await call();
            if (wanted(tally)) return tally;
            if (DateTime.UtcNow > end) throw new TimeoutException($"{what}: not within {Patience}. Last: {tally}");
        }
    }

    /// <summary>
    /// The program has neither refused anything nor lost its stream since the control plane started, and nobody else has
    /// refused anything.
    /// </summary>
    public async Task AssertContentAsync(ForeignKind kind)
    {
        var id = NodeIdOf(NameOf(kind), _programs[kind].Address);
        var proxy = await WaitForProxyAsync(
            id, status => status is "SYNCED" or "NACKED", $"{kind} holding what it was sent");
        Assert.Equal("SYNCED", proxy.GetProperty("status").GetString());
        Assert.NotEmpty(proxy.GetProperty("types").EnumerateArray());
        var tolerated = ReferenceEquals(_tolerated.Process, ControlPlane.Process) ? _tolerated.Refusals : 0;
        Assert.True(await RefusalsAsync() == tolerated, ControlPlane.Process.Tail());
        Assert.False(ControlPlane.Process.Said($"The stream of {id} has ended"), ControlPlane.Process.Tail());
    }

    /// <summary>Waits until the control plane says of a program's stream that it is as wanted.</summary>
    public async Task<JsonElement> WaitForProxyAsync(string nodeId, Func<string, bool> wanted, string what)
    {
        var proxies = await ControlPlane.WaitForAsync("/v1/proxies", all => Find(all) is not null, what);
        return Find(proxies)!.Value;

        JsonElement? Find(JsonElement all) => all.EnumerateArray()
            .Where(p => p.GetProperty("id").GetString() == nodeId && wanted(p.GetProperty("status").GetString()!))
            .Select(p => (JsonElement?)p)
            .FirstOrDefault();
    }

    /// <summary>
    /// How often anybody has refused anything since the control plane started. Its log would not do: it has the same
    /// refusal once a minute.
    /// </summary>
    public async Task<long> RefusalsAsync()
    {
        var figures = await ControlPlane.Api.GetStringAsync(new Uri(new Uri(ControlPlane.Monitoring), "/metrics"));
        return figures.Split('\n')
            .Where(line => line.StartsWith("pilot_total_xds_rejects{", StringComparison.Ordinal))
            .Sum(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>What has been refused so far was meant to be; whoever refused it is gone.</summary>
    public async Task TolerateRefusalsAsync() => _tolerated = (ControlPlane.Process, await RefusalsAsync());

    /// <summary>How a program names itself on its stream.</summary>
    public static string NodeIdOf(string name, string address) =>
        $"sidecar~{address}~{name}.{Namespace}~{Namespace}.svc.cluster.local";

    /// <summary>
    /// Free on every address: an xDS server of grpc-js listens on all of them, whatever it is told. The number has to be
    /// known before anybody listens, as the program's bootstrap names it.
    /// </summary>
    private async Task<Program> StartAsync(ForeignKind kind, string name)
    {
        var (address, port) = (LoopbackAddress.Next(), FreePort.On(IPAddress.Loopback));
        var folder = await ConfigureAsync(name, address, port);
        return new Program(await ForeignPeer.StartAsync(kind, BootstrapIn(folder)), address, port, folder);
    }

    private sealed record Program(ForeignPeer Peer, string Address, int ServerPort, string Folder);
}

/// <summary>A server, as the mesh knows it.</summary>
/// <param name="Service">Its label app, and its service account.</param>
/// <param name="Version">Its label version.</param>
/// <param name="Address">Where it is.</param>
public sealed record Backend(string Service, string Version, string Address)
{
    /// <summary>The workload, and what the server answers.</summary>
    public string Name => $"{Service}-{Version}";
}

/// <summary>All cases share one mesh and run one after another.</summary>
[CollectionDefinition(nameof(InteropMesh))]
public sealed class InteropCollection : ICollectionFixture<InteropMesh>;
