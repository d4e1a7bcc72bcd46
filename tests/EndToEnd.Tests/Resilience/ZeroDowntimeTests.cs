using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Resilience;

/// <summary>What changes of the mesh do to traffic that is under way: nothing.</summary>
public sealed class ZeroDowntimeTests : IAsyncLifetime
{
    private const int PerSecond = 500;
    private const string Service =
        "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}";

    private static readonly TimeSpan _exit = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-change-");
    private readonly List<Member> _servers = [];
    private ControlPlane _controlPlane = null!;
    private Member _client = null!;

    public async Task InitializeAsync()
    {
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        await _controlPlane.ApplyAsync(Service);
        _client = await StartAsync("a-1", "a", "v1");
        _servers.Add(await StartAsync("b-1", "b", "v1"));
        _servers.Add(await StartAsync("b-2", "b", "v2"));
        await WaitForServersAsync(2);
        await SettledAsync();
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
        await _controlPlane.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_rolling_update_of_a_service_fails_no_request()
    {
        await using var load = new Load(_client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);

        for (var next = 3; next <= 4; next++)
        {
            _servers.Add(await StartAsync($"b-{next}", "b", "v2"));
            await WaitForServersAsync(3);
            var oldest = _servers[0];
            oldest.Sidecar.Terminate();
            Assert.Equal(0, await oldest.Sidecar.WaitForExitAsync(_exit));
            await WaitForServersAsync(2);
            _servers.RemoveAt(0);
            await oldest.DisposeAsync();
            await load.MoreAsync(200);
        }

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
    }

    [Fact]
    public async Task Rules_that_come_change_and_go_fail_no_request()
    {
        await using var load = new Load(_client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);

        foreach (var step in Rules)
        {
            await _controlPlane.ApplyAsync(step);
            await SettledAsync();
            await load.MoreAsync(200);
        }

        foreach (var kind in new[] { "VirtualService", "DestinationRule", "PeerAuthentication", "AuthorizationPolicy", "Sidecar" })
        {
            await _controlPlane.DeleteAsync(kind, "default", "b");
            await SettledAsync();
            await load.MoreAsync(200);
        }

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
    }

    // Each names what the earlier ones brought, as a user would who goes from one to the next.
    private static readonly string[] Rules =
    [
        "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: b}, spec: {mtls: {mode: STRICT}}}",
        "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b}, spec: {host: b, subsets: "
            + "[{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}",
        "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b}, spec: {hosts: [b], http: [{route: "
            + "[{destination: {host: b, subset: v1}, weight: 90}, {destination: {host: b, subset: v2}, weight: 10}]}]}}",
        "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b}, spec: {hosts: [b], http: [{route: "
            + "[{destination: {host: b, subset: v2}}], timeout: 10s, retries: {attempts: 2, retryOn: 5xx}}]}}",
        "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b}, spec: {host: b, trafficPolicy: "
            + "{loadBalancer: {simple: ROUND_ROBIN}, connectionPool: {http: {http1MaxPendingRequests: 10000}}}, subsets: "
            + "[{name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}]}}",
        "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: b}, spec: {selector: {matchLabels: "
            + "{app: b}}, rules: [{from: [{source: {principals: [cluster.local/ns/default/sa/a]}}]}]}}",
        "{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: b}, spec: {egress: [{hosts: [./b.default.svc.cluster.local]}]}}",
        "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: b}, spec: {mtls: {mode: PERMISSIVE}}}",
    ];

    private Task<Member> StartAsync(string name, string app, string version) => Member.StartAsync(
        _controlPlane,
        _directory.FullName,
        new MemberSpec(name, "default", app, new Dictionary<string, string> { ["app"] = app, ["version"] = version }, version));

    private Task<JsonElement> WaitForServersAsync(int count) => _controlPlane.WaitForAsync(
        "/v1/services",
        services => services.EnumerateArray().Single().GetProperty("healthy").GetInt32() == count,
        $"{count} healthy servers");

    private Task SettledAsync() => _controlPlane.SettledAsync(1 + _servers.Count);
}
