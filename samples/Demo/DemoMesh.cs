using System.Text;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Samples.Demo;

/// <summary>Two meshes, seven members, one of them a VM: everything the demo shows, as real processes.</summary>
internal sealed class DemoMesh : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _owned = [];
    private readonly string _directory;

    private DemoMesh(string directory) => _directory = directory;

    public ControlPlane First { get; private set; } = null!;

    public ControlPlane Second { get; private set; } = null!;

    /// <summary>The caller that policy lets through to payment-service.</summary>
    public Member Orders { get; private set; } = null!;

    /// <summary>A caller that policy keeps out.</summary>
    public Member Stranger { get; private set; } = null!;

    public Member Payments { get; private set; } = null!;

    public Member Vm { get; private set; } = null!;

    public Member Inventory { get; private set; } = null!;

    /// <summary>Starts everything; ends everything again when something does not come up.</summary>
    public static async Task<DemoMesh> StartAsync(string directory, Action<string> progress)
    {
        var mesh = new DemoMesh(directory);
        try
        {
            await mesh.StartControlPlanesAsync(progress);
            await mesh.StartMembersAsync(progress);
            await mesh.StartVmAsync(progress);
            await mesh.FederateAsync(progress);
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_owned.Select(o => o.DisposeAsync().AsTask()));
        _owned.Clear();
    }

    private async Task StartControlPlanesAsync(Action<string> progress)
    {
        progress("starting two control planes, each with its own root certificate");
        var first = ControlPlane.StartAsync(Folder("mesh-a"), "cluster.local", "--peer-interval", "00:00:00.5");
        var second = ControlPlane.StartAsync(Folder("mesh-b"), "mesh-b.local", "--peer-interval", "00:00:00.5");
        First = Own(await first);
        Second = Own(await second);

        progress("applying samples/manifests: services, routing, security");
        await First.ApplyAsync(Manifest("demo/services.yaml"));
        await First.ApplyAsync(Manifest("s000-routing.yaml"));
        await First.ApplyAsync(Manifest("s000-security.yaml"));
        await First.ApplyAsync(Manifest("demo/security.yaml"));
        await Second.ApplyAsync(Manifest("demo/second-mesh.yaml"));
    }

    private async Task StartMembersAsync(Action<string> progress)
    {
        progress("starting six services, each with a sidecar that joins with a one-time token");
        var v1 = JoinAsync(First, "user-service-v1", "default", "user-service", "user-service", "v1");
        var v2 = JoinAsync(First, "user-service-v2", "default", "user-service", "user-service", "v2");
        var orders = JoinAsync(First, "order-service-1", "default", "order-service", "order-service", "v1");
        var payments = JoinAsync(First, "payment-service-1", "production", "payment-service", "payment-service", "v1");
        var stranger = JoinAsync(First, "stranger-1", "default", "stranger", "stranger", "v1");
        var inventory = JoinAsync(Second, "inventory-1", "warehouse", "inventory", "inventory", "v1");
        var members = await Task.WhenAll(v1, v2, orders, payments, stranger, inventory);
        (Orders, Payments, Stranger, Inventory) = (members[2], members[3], members[4], members[5]);
    }

    private async Task StartVmAsync(Action<string> progress)
    {
        progress("a VM joins over REST with a one-time token");
        var address = LoopbackAddress.Next();
        var state = Folder("billing-vm");
        Directory.CreateDirectory(state);
        var application = Own(MeshProcess.Start(
            "echo billing-vm",
            Binaries.Find("MeshOrleans.Samples.Echo", "samples/Echo", "mesh-echo"),
            ["--address", address, "--port", "8080", "--service", "billing", "--version", "vm"]));
        await application.WaitForAsync("listening", TimeSpan.FromSeconds(30));

        var token = await First.MintTokenAsync("default", "billing");
        var labels = new Dictionary<string, string> { ["app"] = "billing", ["version"] = "vm" };
        var answer = await RegisterAsync(token, address, labels);
        var config = Path.Combine(state, "sidecar.json");
        await File.WriteAllTextAsync(config, answer.GetProperty("sidecarConfig").GetRawText());
        var spec = new MemberSpec(
            "billing-vm", "default", "billing", labels, "vm") { Flags = ["--app-address", address] };
        Vm = Own(await Member.StartFromConfigAsync(spec, application: null, config, state, address));
    }

    private async Task<JsonElement> RegisterAsync(string token, string address, Dictionary<string, string> labels)
    {
        using var client = new HttpClient { BaseAddress = new Uri(First.ApiAddress) };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/workloads");
        request.Headers.Authorization = new("Bearer", token);
        var body = JsonSerializer.Serialize(new
        {
            @namespace = "default",
            name = "billing-vm",
            address,
            ports = new { http = 8080 },
            labels,
            serviceAccount = "billing",
        });
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new InvalidOperationException($"The VM was not let in: {(int)response.StatusCode} {text}");
    }

    private async Task FederateAsync(Action<string> progress)
    {
        progress("linking the two meshes");
        var token = await Second.MintTokenAsync("default", "default", purpose: "peer");
        var body = JsonSerializer.Serialize(new { name = "mesh-b", address = Second.Xds, token });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await First.Api.PostAsync("/v1/peers", content);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"The meshes were not linked: {await response.Content.ReadAsStringAsync()}");
        }

        await First.WaitForAsync(
            "/v1/peers",
            peers => peers.EnumerateArray().Any(p => p.GetProperty("imported").GetArrayLength() > 0),
            "the import of warehouse/inventory");
    }

    private async Task<Member> JoinAsync(
        ControlPlane controlPlane, string name, string ns, string account, string app, string version)
    {
        var labels = new Dictionary<string, string> { ["app"] = app, ["version"] = version };
        var member = await Member.StartAsync(
            controlPlane, _directory, new MemberSpec(name, ns, account, labels, version));
        lock (_owned) _owned.Add(member);
        return member;
    }

    private T Own<T>(T item)
        where T : IAsyncDisposable
    {
        lock (_owned) _owned.Add(item);
        return item;
    }

    private string Folder(string name) => Path.Combine(_directory, name);

    private static string Manifest(string name) =>
        File.ReadAllText(Path.Combine(Binaries.RepositoryRoot(), "samples", "manifests", name));
}
