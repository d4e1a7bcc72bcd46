using System.Globalization;
using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>Two sidecars of a control plane of its own: the caller's and the backend's.</summary>
internal sealed class MeshPair : IPair
{
    private const string Allocated = "mesh_sidecar_allocated_bytes_total ";
    private readonly ControlPlane _control;
    private readonly Member _caller;
    private readonly Member _server;
    private readonly HttpClient _admin = new();

    private MeshPair(string name, ControlPlane control, Member caller, Member server) =>
        (Name, _control, _caller, _server) = (name, control, caller, server);

    public string Name { get; }

    public IPEndPoint Entry => new(IPAddress.Loopback, _caller.OutboundPort);

    public string Host => "backend.bench";

    public IReadOnlyList<int> ProcessIds => [_caller.Sidecar.Id, _server.Sidecar.Id];

    /// <summary>Starts a control plane with strict mutual TLS, a policy that lets the caller in, and both sidecars.</summary>
    public static async Task<MeshPair> StartAsync(string name, string folder, Backend backend)
    {
        var program = name == ProxyArguments.Native ? Environment.GetEnvironmentVariable("MESH_NATIVE_SIDECAR") : null;
        var control = await ControlPlane.StartAsync(Path.Combine(folder, "data"));
        try
        {
            await control.ApplyAsync($$"""
                apiVersion: v1
                kind: Service
                metadata: {name: backend, namespace: bench}
                spec:
                  selector: {app: backend}
                  ports:
                  - name: {{(backend.IsHttp2 ? "grpc" : "http")}}
                    port: 80
                    targetPort: {{backend.Address.Port}}
                ---
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: default, namespace: bench}
                spec: {mtls: {mode: STRICT} }
                ---
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: callers, namespace: bench}
                spec:
                  selector: {matchLabels: {app: backend} }
                  rules:
                  - from:
                    - source: {principals: [cluster.local/ns/bench/sa/caller]}
                """);
            var server = await JoinAsync(
                control, program, folder, "backend", backend.Address, backend.IsHttp2 ? "grpc" : "http");
            try
            {
                // nobody calls the caller; what it would serve is somewhere else
                var caller = await JoinAsync(control, program, folder, "caller", new IPEndPoint(backend.Address.Address, 9), "http");
                await control.WaitForAsync(
                    "/v1/proxies",
                    proxies => proxies.EnumerateArray().Count() == 2,
                    "both sidecars");
                return new MeshPair(name, control, caller, server);
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await control.DisposeAsync();
            throw;
        }
    }

    public async Task EndOutboundAsync()
    {
        await _caller.WaitForLastGoodAsync();
        await _caller.Sidecar.DisposeAsync();
    }

    public void StartOutbound() => _caller.LaunchSidecar();

    public async Task<long?> ReadAllocatedAsync() => await AllocatedAsync(_caller) + await AllocatedAsync(_server);

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _caller.DisposeAsync();
        await _server.DisposeAsync();
        await _control.DisposeAsync();
    }

    private static Task<Member> JoinAsync(
        ControlPlane control, string? program, string folder, string name, IPEndPoint application, string portName) =>
        Member.StartBesideAsync(
            control,
            folder,
            new MemberSpec(name, "bench", name, new Dictionary<string, string> { ["app"] = name })
            {
                Port = application.Port,
                Flags = ["--access-log", "off", "--port-names", portName],
                Program = program,
            },
            application.Address.ToString());

    private async Task<long> AllocatedAsync(Member member)
    {
        var text = await _admin.GetStringAsync(
            new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{member.AdminPort}/stats/prometheus")));
        var line = text.Split('\n').First(l => l.StartsWith(Allocated, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Allocated.Length), CultureInfo.InvariantCulture);
    }
}
