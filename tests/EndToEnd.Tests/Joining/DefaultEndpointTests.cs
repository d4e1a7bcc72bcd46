using System.Net;
using MeshOrleans.EndToEnd.Tests.Conformance;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Joining;

/// <summary>A workload whose application listens only where its Sidecar resource says.</summary>
public sealed class DefaultEndpointTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-e2e-");
    private ControlPlane _controlPlane = null!;

    public async Task InitializeAsync() =>
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));

    public async Task DisposeAsync()
    {
        await _controlPlane.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task It_is_healthy_though_nobody_listens_at_its_own_port()
    {
        var port = FreePort.On(IPAddress.Loopback);
        await using var elsewhere = await SidecarRuleTests.EchoAsync(port);
        const string service = """
            {apiVersion: v1, kind: Service, metadata: {name: e, namespace: app}, spec: {selector: {app: e}, ports: [{name: http, port: 80, targetPort: 8080}]}}
            """;
        await _controlPlane.ApplyAsync(
            $"{service}\n---\n{SidecarRuleTests.Ingress("e", 8080, "HTTP", $"127.0.0.1:{port}")}");
        var labels = new Dictionary<string, string> { ["app"] = "e" };
        await using var member = await Member.StartBesideAsync(
            _controlPlane, _directory.FullName, new MemberSpec("e-1", "app", "e", labels), LoopbackAddress.Next());

        await _controlPlane.WaitForAsync(
            "/v1/services",
            services => services.EnumerateArray().Any(s => s.GetProperty("healthy").GetInt32() == 1),
            "a healthy member of e");
    }
}
