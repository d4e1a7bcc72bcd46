using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>
/// The fixture of the conformance cases: namespaces app and other; echo services b (v1 and v2) and c, and u, which does not
/// say what its ports speak; clients a and o.
/// Real processes, started once; every case puts its manifests in place and takes them away again.
/// </summary>
public sealed class ConformanceMesh : IAsyncLifetime
{
    private const string Services = """
        {apiVersion: v1, kind: Service, metadata: {name: b, namespace: app}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000, targetPort: 9000}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: c, namespace: app}, spec: {selector: {app: c}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: u, namespace: app}, spec: {selector: {app: u}, ports: [{name: one, port: 80, targetPort: 8080}, {name: two, port: 9000, targetPort: 9000}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: d, namespace: other}, spec: {selector: {app: d}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-e2e-");
    private readonly List<IAsyncDisposable> _owned = [];

    /// <summary>The control plane.</summary>
    public ControlPlane ControlPlane { get; private set; } = null!;

    /// <summary>The client in namespace app, service account a.</summary>
    public Member A { get; private set; } = null!;

    /// <summary>The client in namespace other, service account o.</summary>
    public Member O { get; private set; } = null!;

    /// <summary>b, version v1.</summary>
    public Member B1 { get; private set; } = null!;

    /// <summary>b, version v2.</summary>
    public Member B2 { get; private set; } = null!;

    /// <summary>c, in namespace app.</summary>
    public Member C { get; private set; } = null!;

    /// <summary>d, in namespace other.</summary>
    public Member D { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        ControlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        _owned.Add(ControlPlane);
        await ControlPlane.ApplyAsync(Services);
        var members = await Task.WhenAll(
            JoinAsync("a-1", "app", "a", "a"),
            JoinAsync("o-1", "other", "o", "o"),
            JoinAsync("b-v1-1", "app", "b", "b", "v1", tcpPort: 9000),
            JoinAsync("b-v2-1", "app", "b", "b", "v2", tcpPort: 9000),
            JoinAsync("c-1", "app", "c", "c"),
            JoinAsync("d-1", "other", "d", "d"),
            JoinAsync("u-1", "app", "u", "u", tcpPort: 9000));
        _owned.AddRange(members);
        (A, O, B1, B2, C, D) = (members[0], members[1], members[2], members[3], members[4], members[5]);
        await ControlPlane.HealthyAsync();
        await SettledAsync();
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_owned.Select(o => o.DisposeAsync().AsTask()));
        _directory.Delete(recursive: true);
    }

    /// <summary>Puts manifests (namespace app unless they say otherwise) in place until the case ends.</summary>
    public async Task<IAsyncDisposable> WithAsync(string yaml)
    {
        var answer = await ControlPlane.ApplyAsync(yaml);
        await SettledAsync();
        return new Applied(this, answer);
    }

    /// <summary>Waits until every proxy has acknowledged the newest revision.</summary>
    public Task SettledAsync() => ControlPlane.SettledAsync(_owned.Count - 1);

    private async Task<Member> JoinAsync(
        string name, string ns, string account, string app, string version = "v1", int? tcpPort = null)
    {
        var labels = new Dictionary<string, string> { ["app"] = app, ["version"] = version };
        return await Member.StartAsync(
            ControlPlane,
            _directory.FullName,
            new MemberSpec(name, ns, account, labels, version) { TcpPort = tcpPort });
    }

    private sealed class Applied(ConformanceMesh mesh, JsonElement answer) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var change in answer.GetProperty("changes").EnumerateArray())
            {
                if (change.GetProperty("change").GetString() == "deleted") continue;
                await mesh.ControlPlane.DeleteAsync(
                    change.GetProperty("kind").GetString()!,
                    change.GetProperty("namespace").GetString()!,
                    change.GetProperty("name").GetString()!);
            }

            await mesh.SettledAsync();
        }
    }
}

/// <summary>All conformance cases share one mesh and run one after another.</summary>
[CollectionDefinition(nameof(ConformanceMesh))]
public sealed class ConformanceCollection : ICollectionFixture<ConformanceMesh>;
