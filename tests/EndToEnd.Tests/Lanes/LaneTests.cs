using System.Net;
using System.Text.Json;
using MeshOrleans.EndToEnd.Tests.Conformance;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Lanes;

/// <summary>
/// A lane along a chain of calls (behaviour 2.16), with real processes: a gateway calls a, which calls b, which calls c; of the
/// lane there are an a and a c, and no b.
/// </summary>
public sealed class LaneTests : IAsyncLifetime
{
    private const int Times = 20;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-lane-");
    private readonly List<IAsyncDisposable> _owned = [];
    private readonly Dictionary<string, Member> _members = [];
    private readonly int _port = FreePort.On(IPAddress.Any);
    private ControlPlane _controlPlane = null!;

    public async Task InitializeAsync()
    {
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        _owned.Add(_controlPlane);
        await _controlPlane.ApplyAsync(
            $$$"""
            {{{string.Join("\n---\n", new[] { "a", "b", "c" }.Select(Service))}}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: gateway, namespace: istio-system}, spec: {selector: {app: gateway}, ports: [{name: http, port: 80, targetPort: {{{_port}}}}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {app: gateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["a.example"]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a, namespace: app}, spec: {hosts: [a.example], gateways: [istio-system/gw], http: [{route: [{destination: {host: a.app.svc.cluster.local}}]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: c, namespace: app}, spec: {hosts: [c], http: [{route: [{destination: {host: c, subset: v1}}]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: c, namespace: app}, spec: {host: c, subsets: [{name: v1, labels: {version: v1}}]}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: Lane, metadata: {name: canary, namespace: app}, spec: {labels: {version: canary}, match: [{headers: {x-release: {exact: canary} } }] } }
            """);
        var gateway = await GatewayMember.StartAsync(
            _controlPlane,
            _directory.FullName,
            new GatewaySpec("gateway", "istio-system", new Dictionary<string, string> { ["app"] = "gateway" }));
        _owned.Add(gateway);
        foreach (var member in await Task.WhenAll(
            JoinAsync("a", "v1"), JoinAsync("a", "canary"), JoinAsync("b", "v1"), JoinAsync("c", "v1"), JoinAsync("c", "canary")))
        {
            _owned.Add(member);
            _members.Add(member.Spec.Name, member);
        }

        await _controlPlane.HealthyAsync();
        await _controlPlane.SettledAsync(_members.Count + 1);
        await gateway.WaitForPortsAsync(_port);
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_owned.Select(o => o.DisposeAsync().AsTask()));
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_request_keeps_its_lane_through_a_service_that_has_none_and_base_serves_what_the_lane_loses()
    {
        for (var i = 0; i < Times; i++) Assert.Equal("a-v1 > b-v1 > c-v1 with no baggage", await ChainAsync());
        for (var i = 0; i < Times; i++)
        {
            Assert.Equal(
                "a-canary > b-v1 > c-canary with mesh.lane=canary,user=alice",
                await ChainAsync(("x-release", "canary"), ("baggage", "user=alice")));
        }

        var told = await TellAsync();

        Assert.Equal(("canary", "Lane"), (told.GetProperty("name").GetString(), told.GetProperty("servedBy").GetString()));
        await EndAsync(_members["c-canary"].Sidecar);
        await EndAsync(_members["c-canary"].Application!);
        for (var i = 0; i < Times; i++)
        {
            Assert.Equal("a-canary > b-v1 > c-v1 with mesh.lane=canary", await ChainAsync(("x-release", "canary")));
        }
    }

    private static async Task EndAsync(MeshProcess process)
    {
        process.Kill();
        await process.WaitForExitAsync(TimeSpan.FromSeconds(10));
    }

    // What each application was sent is what it sends on of the baggage, as an instrumented one does.
    private async Task<string> ChainAsync(params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_port}/") { Headers = { Host = "a.example" } };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var outside = new HttpClient();
        using var response = await outside.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var seen = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
        var chain = Name(seen);
        foreach (var next in new[] { "b", "c" })
        {
            var answer = await _members[Name(seen)].GetAsync($"http://{next}/", Baggage(seen) is { } own ? [("baggage", own)] : []);
            Assert.Equal((200, answer.Body), (answer.Code, answer.Body));
            seen = answer.Echo;
            chain += $" > {Name(seen)}";
        }

        return $"{chain} with {Baggage(seen) ?? "no baggage"}";
    }

    private async Task<JsonElement> TellAsync()
    {
        using var content = new StringContent(
            """{"from": "app/b-v1", "to": "c", "headers": {"baggage": "mesh.lane=canary"}}""", null, "application/json");
        using var response = await _controlPlane.Api.PostAsync("/v1/explain", content);
        var told = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
        return told.GetProperty("clusters")[0].GetProperty("lane");
    }

    private static string Name(JsonElement echo) =>
        $"{echo.GetProperty("service").GetString()}-{echo.GetProperty("version").GetString()}";

    private static string? Baggage(JsonElement echo) =>
        echo.GetProperty("headers").TryGetProperty("baggage", out var found) ? found.GetString() : null;

    private static string Service(string name) =>
        $$$"""{apiVersion: v1, kind: Service, metadata: {name: {{{name}}}, namespace: app}, spec: {selector: {app: {{{name}}}}, ports: [{name: http, port: 80, targetPort: 8080}]}}""";

    private Task<Member> JoinAsync(string name, string version) => Member.StartAsync(
        _controlPlane,
        _directory.FullName,
        new MemberSpec(
            $"{name}-{version}", "app", name, new Dictionary<string, string> { ["app"] = name, ["version"] = version }, version));
}
