using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>What is signed while the root changes, what is trusted afterwards, and for how long.</summary>
public sealed class RootTrustTests : IAsyncLifetime
{
    private readonly RotatingMesh _mesh = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task What_is_signed_while_the_root_changes_is_good_for_openssl_under_either_root()
    {
        await _mesh.StartAsync("--certificate-lifetime", "00:05:00", "--ca-publish-patience", "00:01:00", "--ca-key-type", "P384");
        var before = await SignAsync("before");
        await _mesh.RotateAsync();
        await _mesh.PhaseAsync("retiring", 30);
        var roots = await _mesh.RootsAsync();
        var after = await SignAsync("after");

        Assert.Equal((0, 2), (await VerifyAsync(before, roots[0]), await VerifyAsync(before, roots[1])));
        Assert.Equal((0, 0), (await VerifyAsync(after, roots[0]), await VerifyAsync(after, roots[1])));
    }

    // What is done when a root's key is lost to somebody: nothing of it is to be trusted any longer than need be.
    [Fact]
    public async Task A_root_is_forced_out_once_nobody_needs_it_any_more()
    {
        await _mesh.StartAsync("--certificate-lifetime", "01:00:00", "--ca-publish-patience", "00:01:00");
        using var early = await _mesh.ControlPlane.Api.PostAsync("/v1/ca/rotate?force=retiring", content: null);
        await _mesh.RotateAsync();
        var retiring = await _mesh.PhaseAsync("retiring", 30);
        var roots = await _mesh.RootsAsync();
        using var replaced = await _mesh.ControlPlane.Api.PostAsJsonAsync("/v1/identities/rotate", new { spreadSeconds = 1 });
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/ca", ca => ca.GetProperty("cutOffCount").GetInt32() == 0, "certificates under the new root");

        using var forced = await _mesh.ControlPlane.Api.PostAsync("/v1/ca/rotate?force=retiring", content: null);
        var answer = await forced.Content.ReadFromJsonAsync<JsonElement>();
        await _mesh.HoldingAsync(2);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Accepted), (early.StatusCode, forced.StatusCode));
        Assert.Equal((2, 2), (retiring.GetProperty("cutOffCount").GetInt32(), retiring.GetProperty("cutOff").GetArrayLength()));
        Assert.Equal(("settled", 0), (answer.GetProperty("phase").GetString(), answer.GetProperty("cutOffCount").GetInt32()));
        Assert.Equal([roots[1].RawData], (await _mesh.RootsAsync()).Select(root => root.RawData));
        await _mesh.Client.ReachAsync("http://b/");
    }

    [Fact]
    public async Task A_lifetime_above_the_maximum_is_cut_and_the_answer_says_so()
    {
        await _mesh.StartAsync("--max-certificate-lifetime", "00:10:00");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var answer = await _mesh.SignAsync("x", key, lifetimeSeconds: 90 * 86400);

        Assert.InRange(answer.GetProperty("notAfter").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Assert.Contains("--max-certificate-lifetime", answer.GetProperty("note").GetString(), StringComparison.Ordinal);
    }

    /// <summary>A certificate, and what came with it, as files.</summary>
    private async Task<(string Leaf, string Chain)> SignAsync(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await _mesh.SignAsync(name, key);
        var pems = answer.GetProperty("chain").EnumerateArray().Select(pem => pem.GetString()!).ToArray();
        var (leaf, chain) = (Path.Combine(_mesh.Folder, name + ".pem"), Path.Combine(_mesh.Folder, name + "-chain.pem"));
        await File.WriteAllTextAsync(leaf, pems[0]);
        await File.WriteAllTextAsync(chain, string.Join('\n', pems[1..]));
        return (leaf, chain);
    }

    /// <summary>What <c>openssl verify</c> ends with: 0 for a certificate that is good under this root alone.</summary>
    private async Task<int> VerifyAsync((string Leaf, string Chain) certificate, X509Certificate2 root)
    {
        var file = Path.Combine(_mesh.Folder, root.SerialNumber + ".root");
        await File.WriteAllTextAsync(file, root.ExportCertificatePem());
        string[] arguments =
            ["verify", "-no-CApath", "-no-CAstore", "-x509_strict", "-CAfile", file, "-untrusted", certificate.Chain, certificate.Leaf];
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
