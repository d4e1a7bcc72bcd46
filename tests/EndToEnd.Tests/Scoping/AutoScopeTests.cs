using System.Net;
using System.Text.Json;
using MeshOrleans.EndToEnd.Tests.Conformance;
using MeshOrleans.Samples.Harness;
using Xunit.Abstractions;

namespace MeshOrleans.EndToEnd.Tests.Scoping;

/// <summary>Automatic scoping with real processes: what is called is there, what is not stays away.</summary>
public sealed class AutoScopeTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Pairs = 16;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-scope-");
    private readonly List<IAsyncDisposable> _owned = [];
    private ControlPlane _controlPlane = null!;
    private Member _client = null!;

    public async Task InitializeAsync()
    {
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        _owned.Add(_controlPlane);
        await _controlPlane.ApplyAsync(string.Join("\n---\n", Services()));
        _client = await JoinAsync("a-1", "a");
        await JoinAsync("b-1", "b");
        await _controlPlane.HealthyAsync();
        await WaitForAsync("a-1", "every service known", p => IsSynced(p) && UsedBy(p) is null);
    }

    public async Task DisposeAsync()
    {
        _owned.Reverse();
        foreach (var one in _owned) await one.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task The_first_request_to_a_host_succeeds_and_the_next_replica_knows_it()
    {
        var unknown = (await _client.GetAsync("http://nobody.invalid/")).Status;
        await SwitchAsync(isOn: true);
        var revision = await _controlPlane.RevisionAsync();
        // not by its status alone, which is of what it held before until it is sent something
        await WaitForAsync("a-1", "nothing known", p => ControlPlane.Holds(p, revision) && UsedBy(p) is []);

        var first = await _client.GetAsync("http://hub/"); // its route leads to all of the known ones
        var (cold, warm) = (new List<double>(), new List<double>());
        for (var i = 0; i < Pairs; i++)
        {
            var known = await _client.GetAsync($"http://known-{i}/");
            var asked = await _client.GetAsync($"http://new-{i}:9080/");
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (known.Status, asked.Status));
            warm.Add(known.Took.TotalMilliseconds);
            cold.Add(asked.Took.TotalMilliseconds);
        }

        output.WriteLine(
            $"First request to a host, each over a new connection: known {Text(warm)}; asked for {Text(cold)}; "
            + $"added {Median(cold) - Median(warm):0.0} ms (medians).");
        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal(unknown, (await _client.GetAsync("http://nobody.invalid/")).Status);
        var used = UsedBy(await WaitForAsync("a-1", "all that was called", p => UsedBy(p) is { Length: Pairs + 1 }))!;
        Assert.Contains("new-0.default.svc.cluster.local", used);
        Assert.DoesNotContain("never.default.svc.cluster.local", used);

        await LearntAsync(await JoinAsync("a-2", "a"), used);
    }

    [Fact]
    public async Task Switching_it_on_and_off_under_load_fails_no_request()
    {
        for (var round = 0; round < 3; round++)
        {
            // Both are called before the mesh scopes: switching it on takes them away, and they are asked for under load.
            await using var one = new Load(_client.Client, $"http://new-{round}:9080/", perSecond: 50);
            await using var other = new Load(_client.Client, $"http://known-{round}/", perSecond: 50);
            await one.MoreAsync(25);
            await SwitchAsync(isOn: true);
            var used = 2 * (round + 1);
            await WaitForAsync("a-1", "what is called", p => IsSynced(p) && UsedBy(p)?.Length == used);
            await one.MoreAsync(50);
            await SwitchAsync(isOn: false);
            await WaitForAsync("a-1", "everything again", p => IsSynced(p) && UsedBy(p) is null);
            await other.MoreAsync(50);

            Assert.True(one.Failed == 0, string.Join('\n', one.Failures));
            Assert.True(other.Failed == 0, string.Join('\n', other.Failures));
        }
    }

    private static IEnumerable<string> Services()
    {
        foreach (var (name, port) in Names())
        {
            yield return $"{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, "
                + $"spec: {{selector: {{app: b}}, ports: [{{name: http, port: {port}, targetPort: 8080}}]}}}}";
        }

        var destinations = string.Join(
            ", ", Enumerable.Range(0, Pairs).Select(i => $"{{destination: {{host: known-{i}}}, weight: 1}}"));
        yield return "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: hub}, spec: {hosts: [hub], http: "
            + $"[{{match: [{{uri: {{prefix: /known}}}}], route: [{destinations}]}}, {{route: [{{destination: {{host: hub}}}}]}}]}}}}";
    }

    private static IEnumerable<(string Name, int Port)> Names() =>
    [
        ("hub", 80), ("never", 80),
        .. Enumerable.Range(0, Pairs).Select(i => ($"known-{i}", 80)),
        .. Enumerable.Range(0, Pairs).Select(i => ($"new-{i}", 9080)),
    ];

    /// <summary>Gateways collect what they remember for a moment, so a replica that is very quick may be too early.</summary>
    private async Task LearntAsync(Member replica, string[] used)
    {
        for (var attempt = 0; ; attempt++)
        {
            var learnt = UsedBy(await WaitForAsync("a-2", "some scope", p => IsSynced(p) && UsedBy(p) is not null))!;
            if (learnt.SequenceEqual(used)) return;
            Assert.True(attempt < 3, $"The second replica has learnt {string.Join(", ", learnt)} only.");
            await replica.RestartSidecarAsync();
        }
    }

    private Task<JsonElement> SwitchAsync(bool isOn) => _controlPlane.ApplyAsync(
        "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, "
        + $"spec: {{autoScope: {(isOn ? "true" : "false")}}}}}");

    private async Task<Member> JoinAsync(string name, string app)
    {
        var labels = new Dictionary<string, string> { ["app"] = app, ["version"] = "v1" };
        var member = await Member.StartAsync(
            _controlPlane, _directory.FullName, new MemberSpec(name, "default", app, labels));
        _owned.Add(member);
        return member;
    }

    private async Task<JsonElement> WaitForAsync(string name, string what, Func<JsonElement, bool> condition)
    {
        var proxies = await _controlPlane.WaitForAsync(
            "/v1/proxies", all => all.EnumerateArray().Any(p => IsOf(p, name) && condition(p)), $"{what} at {name}");
        return proxies.EnumerateArray().First(p => IsOf(p, name) && condition(p));
    }

    private static bool IsOf(JsonElement proxy, string name) =>
        proxy.GetProperty("id").GetString()!.Contains($"~{name}.", StringComparison.Ordinal);

    private static bool IsSynced(JsonElement proxy) => proxy.GetProperty("status").GetString() == "SYNCED";

    private static string[]? UsedBy(JsonElement proxy) =>
        proxy.TryGetProperty("usedHosts", out var hosts) && hosts.ValueKind is JsonValueKind.Array
            ? [.. hosts.EnumerateArray().Select(h => h.GetString()!)]
            : null;

    private static string Text(List<double> times) => $"{Median(times):0.0} ms ({times.Min():0.0} to {times.Max():0.0})";

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
