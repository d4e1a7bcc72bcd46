using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>A certificate is revoked while requests go through the mesh.</summary>
public sealed class RevocationTests : IAsyncLifetime
{
    private const int PerSecond = 100;
    private const string Mesh = """
        {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: all}, spec: {mtls: {mode: STRICT}}}
        """;

    private readonly SmallMesh _mesh = new("mesh-revoke-");

    public async Task InitializeAsync()
    {
        _mesh.ControlPlane = await ControlPlane.StartAsync(Path.Combine(_mesh.Directory.FullName, "data"));
        await _mesh.ControlPlane.ApplyAsync(Mesh);
        _mesh.Client = await StartAsync("a-1", "a");
        _mesh.Server = await StartAsync("b-1", "b");
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/services", s => s.EnumerateArray().Single().GetProperty("healthy").GetInt32() == 1, "a healthy server");
        await _mesh.ControlPlane.SettledAsync(2);
    }

    public Task DisposeAsync() => _mesh.EndAsync();

    [Fact]
    public async Task Whose_certificate_is_revoked_reaches_nobody_and_nobody_else_notices()
    {
        await using var bad = await StartAsync("c-1", "c");
        await bad.ReachAsync("http://b/");
        var serial = await SerialOfAsync("c");
        await using var load = new Load(_mesh.Client.Client, "http://b/", PerSecond);
        await load.MoreAsync(100);

        using var revoked = await _mesh.ControlPlane.Api.PostAsync(
            $"/v1/ca/revocations/{serial}?reason=key-compromise", content: null);
        await UntilAsync("c-1 is refused", async () =>
        {
            using var response = await bad.Client.GetAsync("http://b/");
            return response.StatusCode is HttpStatusCode.ServiceUnavailable;
        });
        await _mesh.ControlPlane.WaitForAsync(
            "/v1/proxies",
            all => all.EnumerateArray().Any(p => p.GetProperty("id").GetString()!.Contains("c-1", StringComparison.Ordinal)
                && p.GetProperty("status").GetString() == "DISCONNECTED"),
            "the end of the stream of c-1");
        await load.MoreAsync(100);

        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.Contains(_mesh.Server.Sidecar.Lines(serial), line => line.Contains("key-compromise", StringComparison.Ordinal));
        Assert.Contains(bad.Sidecar.Lines(serial), line => line.Contains("of this sidecar itself", StringComparison.Ordinal));
        Assert.DoesNotContain(
            (await _mesh.ControlPlane.GetAsync("/v1/identities")).EnumerateArray(),
            row => row.GetProperty("serial").GetString() == serial);

        // It is known after a restart too, without anybody to ask.
        _mesh.ControlPlane.Process.Kill();
        await _mesh.Server.RestartSidecarAsync();
        await _mesh.Client.ReachAsync("http://b/");
        using var late = await bad.Client.GetAsync("http://b/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
    }

    [Fact]
    public async Task What_the_authority_tells_is_what_openssl_takes_for_a_list_of_revoked_certificates()
    {
        var (bad, serial, member) = await SignAsync("bad");
        var (good, _, _) = await SignAsync("good");
        Assert.Equal("OK", await WhoAmIAsync(member));

        using var revoked = await _mesh.ControlPlane.Api.PostAsync(
            $"/v1/ca/revocations/{serial}?reason=superseded", content: null);
        revoked.EnsureSuccessStatusCode();
        await UntilAsync("the certificate is good for nothing", async () => await WhoAmIAsync(member) is not "OK");

        var lists = await _mesh.ControlPlane.Api.GetStringAsync("/v1/ca/crl");
        var file = Path.Combine(_mesh.Directory.FullName, "ca-crl.pem");
        await File.WriteAllTextAsync(file, lists);
        Assert.Contains("revoked", await VerifyAsync(bad, file), StringComparison.Ordinal);
        Assert.EndsWith("OK", await VerifyAsync(good, file), StringComparison.Ordinal);
    }

    private Task<Member> StartAsync(string name, string app) => Member.StartAsync(
        _mesh.ControlPlane,
        _mesh.Directory.FullName,
        new MemberSpec(name, "default", app, new Dictionary<string, string> { ["app"] = app }));

    private async Task<string> SerialOfAsync(string account) =>
        (await _mesh.ControlPlane.GetAsync("/v1/identities")).EnumerateArray()
            .Single(row => row.GetProperty("spiffeId").GetString()!.EndsWith($"/sa/{account}", StringComparison.Ordinal))
            .GetProperty("serial").GetString()!;

    private static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); !await isSo(); await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < end, $"Not within 30 s: {what}.");
        }
    }

    /// <summary>What the control plane answers whoever shows a certificate, on a new connection.</summary>
    private async Task<string> WhoAmIAsync(SslStreamCertificateContext certificate)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificateContext = certificate;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown is not null; // the server is not what is tried here
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"https://{_mesh.ControlPlane.Xds}") };
        try
        {
            using var response = await client.GetAsync("/v1/whoami");
            return $"{response.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
    }

    private async Task<(string File, string Serial, SslStreamCertificateContext Certificate)> SignAsync(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await _mesh.SignAsync(name, key);
        var pems = answer.GetProperty("chain").EnumerateArray().Select(pem => pem.GetString()!).ToArray();
        var file = Path.Combine(_mesh.Directory.FullName, name + ".pem");
        await File.WriteAllTextAsync(file, pems[0]);
        await File.WriteAllTextAsync(file + ".chain", string.Join('\n', pems[1..]));
        using var leaf = X509Certificate2.CreateFromPem(pems[0]);
        using var withKey = leaf.CopyWithPrivateKey(key);
        return (
            file,
            answer.GetProperty("serial").GetString()!,
            SslStreamCertificateContext.Create(
                X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null),
                [.. pems[1..].Select(pem => X509Certificate2.CreateFromPem(pem))],
                offline: true));
    }

    /// <summary>What <c>openssl verify</c> says of a certificate, its own issuer's list looked at.</summary>
    private async Task<string> VerifyAsync(string leaf, string lists)
    {
        var roots = Path.Combine(_mesh.Directory.FullName, "roots.pem");
        var bundle = await _mesh.ControlPlane.GetAsync("/v1/trust-bundle");
        await File.WriteAllTextAsync(
            roots, string.Join('\n', bundle.GetProperty("roots").EnumerateArray().Select(pem => pem.GetString())));
        string[] arguments =
        [
            "verify", "-no-CApath", "-no-CAstore", "-x509_strict", "-crl_check", "-CRLfile", lists, "-CAfile", roots,
            "-untrusted", leaf + ".chain", leaf,
        ];
        using var process = Process.Start(
            new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEndAsync();
        var failed = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (await failed + await said).Trim();
    }
}
