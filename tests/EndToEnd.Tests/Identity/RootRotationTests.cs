using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>Another root takes the place of the mesh's while requests go through it, every one of them over mTLS.</summary>
public sealed class RootRotationTests : IAsyncLifetime
{
    private readonly RotatingMesh _mesh = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task A_rotation_of_the_root_fails_no_request()
    {
        await _mesh.StartAsync("--certificate-lifetime", "00:00:30", "--ca-publish-patience", "00:01:00");
        var first = await _mesh.RootsAsync();
        await using var load = _mesh.Load();
        await load.MoreAsync(200);

        await _mesh.RotateAsync();
        var published = await _mesh.RootsAsync();
        await _mesh.PhaseAsync("retiring", 30);
        await using var late = await _mesh.JoinAsync("c-1", "a"); // pins the new root, while others still have the former one
        await load.MoreAsync(200);
        var authority = await _mesh.PhaseAsync("settled", 90);
        await load.MoreAsync(200);
        await _mesh.HoldingAsync(3);
        await late.ReachAsync("http://b/");

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Equal(0, authority.GetProperty("missedCount").GetInt32());
        Assert.Equal((1, 2), (first.Count, published.Count));
        Assert.Equal([published[1].RawData], (await _mesh.RootsAsync()).Select(root => root.RawData));
        foreach (var member in new[] { _mesh.Client, _mesh.Server, late }) RotatingMesh.AssertUnder(published[1], member);
    }

    [Fact]
    public async Task Another_authority_in_the_folder_is_rotated_to_and_fails_no_request()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_mesh.Folder, "cacerts")).FullName;
        using var first = PlugIn(folder, "first");
        await _mesh.StartAsync("--certificate-lifetime", "00:00:30", "--ca-publish-patience", "00:01:00", "--ca-dir", folder);
        var before = await _mesh.RootsAsync();
        await using var load = _mesh.Load();
        await load.MoreAsync(200);

        using var next = PlugIn(folder, "next");
        await _mesh.PhaseAsync("publishing", 30);
        await _mesh.PhaseAsync("settled", 90);
        await _mesh.HoldingAsync(2);
        await load.MoreAsync(200);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Equal([first.RawData], before.Select(root => root.RawData));
        Assert.Equal([next.RawData], (await _mesh.RootsAsync()).Select(root => root.RawData));
        foreach (var member in new[] { _mesh.Client, _mesh.Server }) RotatingMesh.AssertUnder(next, member);
    }

    /// <summary>Puts an intermediate under a new root into the folder, as an operator would.</summary>
    private static X509Certificate2 PlugIn(string folder, string name)
    {
        var now = DateTimeOffset.UtcNow;
        using var rootKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest($"CN={name} root", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(100));
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var signer = request.Create(root, now.AddDays(-1), now.AddDays(50), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, "ca-key.pem"), key.ExportRSAPrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "root-cert.pem"), root.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "cert-chain.pem"), signer.ExportCertificatePem() + "\n" + root.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "ca-cert.pem"), signer.ExportCertificatePem());
        return X509CertificateLoader.LoadCertificate(root.RawDataMemory.Span);
    }
}
