using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane.Edge;

/// <summary>What is under way at a gateway for a client whose certificate is revoked meanwhile.</summary>
public sealed class EdgeRevocationTests : IAsyncLifetime
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private readonly TestAuthority _mesh = new();
    private readonly TaskCompletionSource _arrived = new();
    private readonly TaskCompletionSource _release = new();
    private X509Certificate2 _own = null!;
    private EchoBackend _backend = null!;
    private EdgeGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _own = _mesh.Issue(_mesh.IdOf("gateway"));
        (_backend, _gateway) = (await EchoBackend.StartAsync(), await EdgeGateway.StartAsync(IdentityBy(_mesh.Bundle)));
        _backend.Answer = async (_, _) =>
        {
            _arrived.TrySetResult();
            await _release.Task;
        };
    }

    public async Task DisposeAsync()
    {
        _release.TrySetResult();
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        _own.Dispose();
    }

    [Fact]
    public async Task One_of_the_mesh_is_ended()
    {
        using var leaf = _mesh.Issue(_mesh.IdOf("client"));
        await ApplyAsync(new EdgeTlsModel { Key = "mesh", IsMesh = true, IsHttp = true, Demand = ClientCertificateDemand.Required });
        using var client = _gateway.Client("tls", leaf, isMesh: true);

        var call = client.GetStringAsync("https://a.example/");
        await _arrived.Task.WaitAsync(_patience);
        _gateway.State.SetIdentity(IdentityBy(_mesh.Revoking(leaf)));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => call.WaitAsync(_patience));
        Assert.Contains(_gateway.Log, line => line.Contains("trusted no longer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_the_list_of_the_roots_names_is_ended_and_others_are_not()
    {
        var (bad, good) = (_gateway.Authority.Issue("bad.example"), _gateway.Authority.Issue("good.example"));
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.PutRoots("roots", _gateway.Authority);
        using var folder = new Sidecar.TemporaryFolder();
        var list = folder.File("crl.pem");
        File.WriteAllText(list, _gateway.Authority.Revoke());
        await ApplyAsync(EdgeGateway.Tls("a.example") with
        {
            Demand = ClientCertificateDemand.Required,
            Roots = new EdgeRootsName("roots", RevokedFile: list),
        });
        using var client = _gateway.Client("tls", bad);
        using var other = _gateway.Client("tls", good);

        var call = client.GetStringAsync("https://a.example/");
        await _arrived.Task.WaitAsync(_patience);
        var another = other.GetStringAsync("https://a.example/");
        await Sidecar.Eventually.HoldsAsync("both calls arrived", () => _backend.Calls == 2);
        File.WriteAllText(list, _gateway.Authority.Revoke(bad));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => call.WaitAsync(_patience));
        await Sidecar.Eventually.HoldsAsync(
            "line that names the revoked certificate", // the client may be told first
            () => _gateway.Log.Any(line => line.Contains("CN=bad.example is revoked", StringComparison.Ordinal)));
        _release.SetResult();
        await another.WaitAsync(_patience);
    }

    private Task ApplyAsync(EdgeTlsModel tls) => _gateway.ApplyAsync(
        [Models.Cluster("b", _backend)],
        EdgeGateway.Listener("tls", EdgeGateway.Https("a.example", Models.AnyHost(Models.To("b")), tls)));

    private TlsIdentity IdentityBy(TrustBundle bundle) => TlsIdentity.Create(_own, [], [bundle]);
}
