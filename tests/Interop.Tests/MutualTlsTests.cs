using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Interop.Tests.Foreign;

namespace MeshOrleans.Interop.Tests;

/// <summary>Foreign programs speak mesh mTLS with the files of <c>meshctl workload configure</c>.</summary>
[Collection(nameof(InteropMesh))]
public sealed class MutualTlsTests(InteropMesh mesh)
{
    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task Both_sides_prove_who_they_are(ForeignKind kind)
    {
        var service = await SecuredAsync(kind, "mutual");

        var tally = await mesh[kind].CallAsync(await mesh.OpenAsync(kind, service), 10);

        Assert.True(tally.AllOk, $"{tally}");
        Assert.Equal(Fingerprint(kind), Assert.Single(tally.Peers).Key);
        await mesh.AssertContentAsync(kind);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_server_with_another_identity_is_not_called(ForeignKind kind)
    {
        var service = await SecuredAsync(kind, "stranger", "subjectAltNames: [\"spiffe://cluster.local/ns/interop/sa/somebody-else\"]");

        var tally = await mesh[kind].CallAsync(await mesh.OpenAsync(kind, service), 3);

        Assert.True(tally.With("UNAVAILABLE") == 3, $"{tally}");
        await mesh.AssertContentAsync(kind);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task New_files_are_taken_over_by_a_program_that_runs(ForeignKind kind)
    {
        var service = await SecuredAsync(kind, "rotate");
        var before = await mesh[kind].CallAsync(await mesh.OpenAsync(kind, service), 3);
        var old = Fingerprint(kind);
        var address = mesh.ServerAddressOf(kind).Split(':');

        await mesh.ConfigureAsync(InteropMesh.NameOf(kind), address[0], int.Parse(address[1]));

        Assert.NotEqual(old, Fingerprint(kind));
        Assert.Equal(old, Assert.Single(before.Peers).Key);
        var after = await InteropMesh.EventuallyAsync(CallAnewAsync, t => t.Peers.ContainsKey(Fingerprint(kind)), "the new certificate");
        Assert.True(after.AllOk, $"{after}");
        await mesh.AssertContentAsync(kind);

        // What is connected goes on with the certificate it has; a new channel connects anew.
        async Task<Tally> CallAnewAsync()
        {
            var channel = await mesh.OpenAsync(kind, service);
            var tally = await mesh[kind].CallAsync(channel, 1);
            await mesh[kind].CloseAsync(channel);
            return tally;
        }
    }

    /// <summary>A service that is called with mesh mTLS, and its server, which wants a certificate of every caller.</summary>
    private async Task<string> SecuredAsync(ForeignKind kind, string name, string tls = "")
    {
        var service = $"{name}-{InteropMesh.NameOf(kind)}";
        await mesh.AddServiceAsync(service, $$"""
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: {{service}}, namespace: interop},
             spec: {host: {{service}}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, {{tls}} } } } }
            """);
        var certificates = await mesh.ConfigureAsync(service, "127.0.0.1", InteropMesh.Port);
        await mesh.AddBackendAsync(kind, service, "v1", certificates);
        return service;
    }

    /// <summary>SHA-256 of the certificate in a program's folder.</summary>
    private string Fingerprint(ForeignKind kind)
    {
        using var certificate = X509Certificate2.CreateFromPem(
            File.ReadAllText(Path.Combine(mesh.FolderOf(kind), "cert-chain.pem")));
        return certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }
}
