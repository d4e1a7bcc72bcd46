using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>Another root takes the place of the mesh's while requests go through it, every one of them over mTLS.</summary>
public sealed class RootRotationTests : IAsyncLifetime
{
    private const int PerSecond = 200;
    private const string Mesh = """
        {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: all}, spec: {mtls: {mode: STRICT}}}
        """;

    private readonly SmallMesh _mesh = new("mesh-root-");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task A_rotation_of_the_root_fails_no_request()
    {
        await StartMeshAsync("--certificate-lifetime", "00:00:30", "--ca-publish-patience", "00:01:00");
        var first = await RootsAsync();
        await using var load = new Load(_mesh.Client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);

        await RotateAsync();
        var published = await RootsAsync();
        await PhaseAsync("retiring", 30);
        await using var late = await StartAsync("c-1", "a"); // pins the new root, while others still have the former one
        await load.MoreAsync(200);
        var authority = await PhaseAsync("settled", 90);
        await load.MoreAsync(200);
        await HoldingAsync(3);
        await ReachableAsync(late);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Equal(0, authority.GetProperty("missedCount").GetInt32());
        Assert.Equal((1, 2), (first.Count, published.Count));
        Assert.Equal([published[1].RawData], (await RootsAsync()).Select(root => root.RawData));
        foreach (var member in new[] { _mesh.Client, _mesh.Server, late }) AssertUnder(published[1], member);
    }

    [Fact]
    public async Task Who_was_away_while_the_root_changed_is_named_and_comes_back()
    {
        await StartMeshAsync("--certificate-lifetime", "00:05:00", "--ca-publish-patience", "00:00:06");
        var token = Path.Combine(_mesh.Directory.FullName, "former.token"); // pins the former root
        await File.WriteAllTextAsync(token, await _mesh.ControlPlane.MintTokenAsync("default", "a"));
        _mesh.Server.Sidecar.Kill();
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/proxies",
            all => all.EnumerateArray().Any(p => p.GetProperty("status").GetString() == "DISCONNECTED"),
            "the loss of b-1");

        await RotateAsync();
        var authority = await PhaseAsync("retiring", 30);
        await _mesh.Server.RestartSidecarAsync();
        await HoldingAsync(2);
        await using var late = await StartAsync("c-1", "a", "--token-file", token);

        Assert.Contains("b-1", Assert.Single(authority.GetProperty("missed").EnumerateArray()).GetString(), StringComparison.Ordinal);
        foreach (var member in new[] { _mesh.Client, late }) await ReachableAsync(member);
    }

    [Fact]
    public async Task A_rotation_survives_a_control_plane_that_is_killed_in_each_phase()
    {
        await StartMeshAsync("--certificate-lifetime", "00:00:30", "--ca-publish-patience", "00:01:00");
        await using var load = new Load(_mesh.Client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);
        await RotateAsync();

        await RestartControlPlaneAsync();
        await PhaseAsync("retiring", 60);
        await RestartControlPlaneAsync();
        await PhaseAsync("settled", 90);
        await HoldingAsync(2);
        await load.MoreAsync(200);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Single(await RootsAsync());
    }

    [Fact]
    public async Task What_is_signed_while_the_root_changes_is_good_for_openssl_under_either_root()
    {
        await StartMeshAsync("--certificate-lifetime", "00:05:00", "--ca-publish-patience", "00:01:00", "--ca-key-type", "P384");
        var before = await SignAsync("before");
        await RotateAsync();
        await PhaseAsync("retiring", 30);
        var roots = await RootsAsync();
        var after = await SignAsync("after");

        Assert.Equal((0, 2), (await VerifyAsync(before, roots[0]), await VerifyAsync(before, roots[1])));
        Assert.Equal((0, 0), (await VerifyAsync(after, roots[0]), await VerifyAsync(after, roots[1])));
    }

    // What is done when a root's key is lost to somebody: nothing of it is to be trusted any longer than need be.
    [Fact]
    public async Task A_root_is_forced_out_once_nobody_needs_it_any_more()
    {
        await StartMeshAsync("--certificate-lifetime", "01:00:00", "--ca-publish-patience", "00:01:00");
        using var early = await _mesh.ControlPlane.Api.PostAsync("/v1/ca/rotate?force=retiring", content: null);
        await RotateAsync();
        var retiring = await PhaseAsync("retiring", 30);
        var roots = await RootsAsync();
        using var replaced = await _mesh.ControlPlane.Api.PostAsJsonAsync("/v1/identities/rotate", new { spreadSeconds = 1 });
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/ca", ca => ca.GetProperty("cutOffCount").GetInt32() == 0, "certificates under the new root");

        using var forced = await _mesh.ControlPlane.Api.PostAsync("/v1/ca/rotate?force=retiring", content: null);
        var answer = await forced.Content.ReadFromJsonAsync<JsonElement>();
        await HoldingAsync(2);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Accepted), (early.StatusCode, forced.StatusCode));
        Assert.Equal((2, 2), (retiring.GetProperty("cutOffCount").GetInt32(), retiring.GetProperty("cutOff").GetArrayLength()));
        Assert.Equal(("settled", 0), (answer.GetProperty("phase").GetString(), answer.GetProperty("cutOffCount").GetInt32()));
        Assert.Equal([roots[1].RawData], (await RootsAsync()).Select(root => root.RawData));
        await ReachableAsync(_mesh.Client);
    }

    [Fact]
    public async Task A_token_that_pins_a_root_which_was_turned_back_lets_its_holder_join()
    {
        await StartMeshAsync("--certificate-lifetime", "00:05:00", "--ca-publish-patience", "00:01:00");
        await RotateAsync();
        await PhaseAsync("retiring", 30);
        var token = Path.Combine(_mesh.Directory.FullName, "newer.token");
        await File.WriteAllTextAsync(token, await _mesh.ControlPlane.MintTokenAsync("default", "a"));

        using var once = await _mesh.ControlPlane.Api.DeleteAsync("/v1/ca/rotate");
        using var twice = await _mesh.ControlPlane.Api.DeleteAsync("/v1/ca/rotate");
        var (first, second) = (
            await once.Content.ReadFromJsonAsync<JsonElement>(), await twice.Content.ReadFromJsonAsync<JsonElement>());
        await using var late = await StartAsync("c-1", "a", "--token-file", token);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (once.StatusCode, twice.StatusCode));
        Assert.Equal(first.GetProperty("sequence").GetInt64(), second.GetProperty("sequence").GetInt64());
        Assert.True(second.GetProperty("isTurnedBack").GetBoolean());
        await ReachableAsync(late);
    }

    [Fact]
    public async Task A_lifetime_above_the_maximum_is_cut_and_the_answer_says_so()
    {
        await StartMeshAsync("--max-certificate-lifetime", "00:10:00");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var client = new HttpClient { BaseAddress = new Uri(_mesh.ControlPlane.ApiAddress) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await _mesh.ControlPlane.MintTokenAsync("default", "x"));

        using var response = await client.PostAsJsonAsync("/v1/certificates", new { csr, lifetimeSeconds = 90 * 86400 });
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.InRange(answer.GetProperty("notAfter").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Assert.Contains("--max-certificate-lifetime", answer.GetProperty("note").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_of_every_certificate_fails_no_request_and_makes_fresh_keys()
    {
        await StartMeshAsync("--certificate-lifetime", "01:00:00");
        var before = await KeysAsync();
        await using var load = new Load(_mesh.Client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);

        using var refused = await _mesh.ControlPlane.Api.PostAsJsonAsync("/v1/identities/rotate", new { @namespace = "nobody" });
        using var rotated = await _mesh.ControlPlane.Api.PostAsJsonAsync("/v1/identities/rotate", new { spreadSeconds = 2 });
        var answer = await rotated.Content.ReadFromJsonAsync<JsonElement>();
        var rows = await _mesh.ControlPlane.WaitForAsync(
            "/v1/identities",
            all => all.EnumerateArray().All(i => !i.GetProperty("isDue").GetBoolean()),
            "the rotation of all");
        await load.MoreAsync(200);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Accepted), (refused.StatusCode, rotated.StatusCode));
        Assert.Equal(2, answer.GetProperty("due").GetInt32());
        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Equal(2, rows.GetArrayLength());
        Assert.Empty(before.Intersect(await KeysAsync()));
    }

    [Fact]
    public async Task Another_authority_in_the_folder_is_rotated_to_and_fails_no_request()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_mesh.Directory.FullName, "cacerts")).FullName;
        using var first = PlugIn(folder, "first");
        await StartMeshAsync("--certificate-lifetime", "00:00:30", "--ca-publish-patience", "00:01:00", "--ca-dir", folder);
        var before = await RootsAsync();
        await using var load = new Load(_mesh.Client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);

        using var next = PlugIn(folder, "next");
        await PhaseAsync("publishing", 30);
        await PhaseAsync("settled", 90);
        await HoldingAsync(2);
        await load.MoreAsync(200);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Equal([first.RawData], before.Select(root => root.RawData));
        Assert.Equal([next.RawData], (await RootsAsync()).Select(root => root.RawData));
        foreach (var member in new[] { _mesh.Client, _mesh.Server }) AssertUnder(next, member);
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

    // MESH_SOAK_SECONDS=300 is what it is judged by; half a minute of life is the shortest that there is.
    [Fact]
    public async Task Certificates_that_live_for_half_a_minute_fail_no_request()
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("MESH_SOAK_SECONDS"), out var soak) ? soak : 50;
        await StartMeshAsync("--certificate-lifetime", "00:00:30");
        var before = await KeysAsync();
        await using var load = new Load(_mesh.Client.Client, "http://b/", PerSecond);

        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(seconds)) await load.MoreAsync(100);

        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.True(load.Sent > seconds * PerSecond / 4, $"Only {load.Sent} requests in {seconds} s.");
        Assert.Empty(before.Intersect(await KeysAsync()));
    }

    /// <summary>The public keys in use.</summary>
    private async Task<List<string>> KeysAsync()
    {
        var rows = await _mesh.ControlPlane.GetAsync("/v1/identities");
        var serials = rows.EnumerateArray().Select(i => i.GetProperty("serial").GetString()!).ToHashSet();
        var keys = new List<string>();
        foreach (var member in new[] { _mesh.Client, _mesh.Server })
        {
            var file = Path.Combine(member.StateDirectory, "sidecar", "svid.key");
            for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(20))
            {
                using var leaf = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(file));
                keys.Add(Convert.ToHexString(leaf.PublicKey.ExportSubjectPublicKeyInfo()));
                if (serials.Contains(leaf.SerialNumber)) break;
                keys.RemoveAt(keys.Count - 1);
                Assert.True(DateTime.UtcNow < end, $"{member.Spec.Name} does not have its certificate.");
            }
        }

        return keys;
    }

    private async Task StartMeshAsync(params string[] flags)
    {
        _mesh.ControlPlane = await ControlPlane.StartAsync(
            Path.Combine(_mesh.Directory.FullName, "data"),
            "cluster.local",
            ["--ca-publish-for", "00:00:03", "--ca-retire-grace", "00:00:02", .. flags]);
        await _mesh.ControlPlane.ApplyAsync(Mesh);
        _mesh.Client = await StartAsync("a-1", "a");
        _mesh.Server = await StartAsync("b-1", "b");
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/services", s => s.EnumerateArray().Single().GetProperty("healthy").GetInt32() == 1, "a healthy server");
        await _mesh.ControlPlane.SettledAsync(2);
    }

    private Task<Member> StartAsync(string name, string app, params string[] flags) => Member.StartAsync(
        _mesh.ControlPlane,
        _mesh.Directory.FullName,
        new MemberSpec(name, "default", app, new Dictionary<string, string> { ["app"] = app }) { Flags = flags });

    private async Task RestartControlPlaneAsync()
    {
        _mesh.ControlPlane.Process.Kill();
        await _mesh.ControlPlane.RestartAsync();
    }

    private async Task RotateAsync()
    {
        using var rotated = await _mesh.ControlPlane.Api.PostAsync("/v1/ca/rotate", content: null);
        Assert.Equal(HttpStatusCode.Accepted, rotated.StatusCode);
    }

    private Task<JsonElement> PhaseAsync(string phase, int seconds) => _mesh.ControlPlane.WaitForAsync(
        "/v1/ca", ca => ca.GetProperty("phase").GetString() == phase, $"phase {phase}", seconds);

    private Task<JsonElement> HoldingAsync(int count) => _mesh.ControlPlane.WaitForAsync(
        "/v1/ca",
        ca => ca.GetProperty("proxies").GetProperty("holding").GetInt32() == count
            && ca.GetProperty("proxies").GetProperty("lagging").GetInt32() == 0,
        $"the roots at {count} proxies");

    private async Task<List<X509Certificate2>> RootsAsync() =>
    [
        .. (await _mesh.ControlPlane.GetAsync("/v1/trust-bundle")).GetProperty("roots").EnumerateArray()
            .Select(pem => X509Certificate2.CreateFromPem(pem.GetString()!)),
    ];

    private static async Task ReachableAsync(Member member)
    {
        for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(50))
        {
            using var response = await member.Client.GetAsync("http://b/");
            if (response.IsSuccessStatusCode) return;
            Assert.True(DateTime.UtcNow < end, $"b still answers {(int)response.StatusCode} {member.Spec.Name}.\n{member.Sidecar.Tail()}");
        }
    }

    private static void AssertUnder(X509Certificate2 root, Member member)
    {
        var own = new X509Certificate2Collection();
        own.ImportFromPem(File.ReadAllText(Path.Combine(member.StateDirectory, "sidecar", "svid.key")));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(own);
        Assert.True(chain.Build(own[0]), $"{member.Spec.Name}: {string.Join(", ", chain.ChainStatus.Select(s => s.Status))}");
    }

    /// <summary>A certificate, and what came with it, as files.</summary>
    private async Task<(string Leaf, string Chain)> SignAsync(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var client = new HttpClient { BaseAddress = new Uri(_mesh.ControlPlane.ApiAddress) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await _mesh.ControlPlane.MintTokenAsync("default", name));
        using var response = await client.PostAsJsonAsync("/v1/certificates", new { csr });
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        var pems = answer.GetProperty("chain").EnumerateArray().Select(pem => pem.GetString()!).ToArray();
        var (leaf, chain) = (Path.Combine(_mesh.Directory.FullName, name + ".pem"), Path.Combine(_mesh.Directory.FullName, name + "-chain.pem"));
        await File.WriteAllTextAsync(leaf, pems[0]);
        await File.WriteAllTextAsync(chain, string.Join('\n', pems[1..]));
        return (leaf, chain);
    }

    /// <summary>What <c>openssl verify</c> ends with: 0 for a certificate that is good under this root alone.</summary>
    private async Task<int> VerifyAsync((string Leaf, string Chain) certificate, X509Certificate2 root)
    {
        var file = Path.Combine(_mesh.Directory.FullName, root.SerialNumber + ".root");
        await File.WriteAllTextAsync(file, root.ExportCertificatePem());
        string[] arguments =
            ["verify", "-no-CApath", "-no-CAstore", "-x509_strict", "-CAfile", file, "-untrusted", certificate.Chain, certificate.Leaf];
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
