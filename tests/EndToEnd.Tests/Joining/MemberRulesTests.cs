using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Joining;

/// <summary>Sidecars that say more of themselves than the access file lets them.</summary>
public sealed class MemberRulesTests : IAsyncLifetime
{
    private const string Manifests = """
        {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: WorkloadGroup, metadata: {name: b}, spec: {metadata: {labels: {app: b}}, template: {serviceAccount: b}}}
        """;

    private readonly SmallMesh _mesh = new("mesh-rules-");

    public async Task InitializeAsync()
    {
        var access = Path.Combine(_mesh.Directory.FullName, "access.yaml");
        await File.WriteAllTextAsync(access, "members: {addresses: [], labels: group}");
        _mesh.ControlPlane = await ControlPlane.StartAsync(
            Path.Combine(_mesh.Directory.FullName, "data"), "cluster.local", ["--api-access", access]);
        await _mesh.ControlPlane.ApplyAsync(Manifests);
    }

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task One_makes_itself_no_endpoint_of_anothers_service()
    {
        _mesh.Server = await JoinAsync("b-1", "b", "127.0.0.1", "--group", "b");
        await _mesh.ControlPlane.WaitForAsync("/v1/workloads", all => NamesOf(all) is ["b-1"], "the member of the group");
        _mesh.Client = await JoinAsync("a-1", "a", "127.0.0.1", "--group", "b");
        await SaidAsync("default/a-1 is not registered: WorkloadGroup default/b is for service account 'b'");

        Assert.Equal(["b-1"], NamesOf(await _mesh.ControlPlane.GetAsync("/v1/workloads")));
    }

    [Fact]
    public async Task One_is_where_it_calls_from_and_comes_in_once_its_group_allows_what_it_says()
    {
        _mesh.Client = await JoinAsync("b-1", "b", "127.9.9.9", "--group", "b");
        await SaidAsync("default/b-1 is not registered: address '127.9.9.9' is neither the one that it calls from");
        _mesh.Server = await JoinAsync("c-1", "c", "127.0.0.1", "--group", "c");
        await SaidAsync("default/c-1 is not registered: there is no WorkloadGroup default/c");

        await _mesh.ControlPlane.ApplyAsync(
            "{apiVersion: networking.istio.io/v1, kind: WorkloadGroup, metadata: {name: c}, spec: {metadata: {labels: {app: b}}, template: {serviceAccount: c}}}");

        await _mesh.ControlPlane.WaitForAsync("/v1/workloads", all => NamesOf(all) is ["c-1"], "the member whose group has come", seconds: 60);
    }

    private Task<Member> JoinAsync(string name, string account, string address, params string[] flags) => Member.StartBesideAsync(
        _mesh.ControlPlane,
        _mesh.Directory.FullName,
        new MemberSpec(name, "default", account, new Dictionary<string, string> { ["app"] = "b" }) { Flags = flags },
        address);

    private static string[] NamesOf(JsonElement workloads) =>
        [.. workloads.EnumerateArray().Select(w => w.GetProperty("name").GetString()!).Order()];

    private async Task SaidAsync(string line)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); !_mesh.ControlPlane.Process.Said(line); await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < end, $"The control plane does not say '{line}':\n{_mesh.ControlPlane.Process.Tail()}");
        }
    }
}
