using System.Text.Json.Nodes;
using MeshOrleans.Interop.Tests.Foreign;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Interop.Tests;

/// <summary>
/// What a foreign program refuses is seen, in its own words: all other cases rely on it when they say that nothing was.
/// </summary>
[Collection(nameof(InteropMesh))]
public sealed class RefusalTests(InteropMesh mesh)
{
    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_program_without_certificates_refuses_mesh_mTLS_and_says_so(ForeignKind kind)
    {
        var name = $"bare-{InteropMesh.NameOf(kind)}";
        var address = LoopbackAddress.Next();
        await mesh.AddServiceAsync(name, $$"""
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: {{name}}, namespace: interop}, spec: {host: {{name}}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL} } } }
            """);
        var before = await mesh.RefusalsAsync();
        await RefuseAsync(kind, name, address);

        Assert.True(await mesh.RefusalsAsync() > before);
        await mesh.TolerateRefusalsAsync();
    }

    private async Task RefuseAsync(ForeignKind kind, string name, string address)
    {
        await using var peer = await ForeignPeer.StartAsync(kind, await WithoutCertificatesAsync(name, address));
        await peer.OpenAsync("c", InteropMesh.TargetOf(name));

        await peer.BeginHeldAsync("c", 1);

        var id = InteropMesh.NodeIdOf(name, address);
        var proxy = await mesh.WaitForProxyAsync(id, status => status == "NACKED", "the refusal");
        var cluster = Assert.Single(
            proxy.GetProperty("types").EnumerateArray(), t => t.GetProperty("type").GetString() == "Cluster");
        Assert.Contains("instance", cluster.GetProperty("nack").GetString(), StringComparison.Ordinal);
    }

    private async Task<string> WithoutCertificatesAsync(string name, string address)
    {
        var file = InteropMesh.BootstrapIn(await mesh.ConfigureAsync(name, address, InteropMesh.Port));
        var bootstrap = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        bootstrap.AsObject().Remove("certificate_providers");
        await File.WriteAllTextAsync(file, bootstrap.ToJsonString());
        return file;
    }
}
