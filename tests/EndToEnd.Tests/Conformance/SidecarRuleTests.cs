using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>What a Sidecar resource says of the application's own ports (case T23).</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class SidecarRuleTests(ConformanceMesh mesh)
{
    private const string Loopback = "127.0.0.1";

    [Fact]
    public async Task A_port_leads_where_its_default_endpoint_says_and_back_when_the_resource_is_gone()
    {
        var port = FreePort.On(IPAddress.Loopback);
        await using var elsewhere = await EchoAsync(port);
        await using (await mesh.WithAsync(Ingress("c", 8080, "HTTP", $"{Loopback}:{port}")))
        {
            var remapped = await mesh.A.GetAsync("http://c/");
            Assert.Equal((200, "v9"), (remapped.Code, remapped.Version));
        }

        Assert.Equal("v1", (await mesh.A.GetAsync("http://c/")).Version);
    }

    [Fact]
    public async Task What_is_the_application_for_Istio_is_where_the_sidecar_was_told_that_it_listens()
    {
        await using var rule = await mesh.WithAsync(Ingress("c", 8080, "HTTP", "0.0.0.0:8080"));

        var answer = await mesh.A.GetAsync("http://c/");
        Assert.Equal((200, "v1"), (answer.Code, answer.Version));
    }

    [Fact]
    public async Task A_port_that_it_does_not_open_is_closed()
    {
        await using var rule = await mesh.WithAsync(Ingress("c", 8081, "HTTP", ""));

        Assert.Equal(503, (await mesh.A.GetAsync("http://c/")).Code);
    }

    internal static async Task<MeshProcess> EchoAsync(int port)
    {
        var echo = MeshProcess.Start(
            "echo elsewhere",
            Binaries.Find("MeshOrleans.Samples.Echo", "samples/Echo", "mesh-echo"),
            ["--address", Loopback, "--port", $"{port}", "--service", "elsewhere", "--version", "v9"]);
        await echo.WaitForAsync("listening", TimeSpan.FromSeconds(60));
        return echo;
    }

    internal static string Ingress(string app, int port, string protocol, string endpoint) => $$"""
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata: { name: {{app}}, namespace: app }
        spec:
          workloadSelector: { labels: { app: {{app}} } }
          ingress: [{ port: { number: {{port}}, protocol: {{protocol}}, name: p }, defaultEndpoint: "{{endpoint}}" }]
        """;
}
