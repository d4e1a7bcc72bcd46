#if !MESH_ENGINE_ORLEANS
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>
/// Goes through what a control plane at work lets out, its log at the finest level and the answers of all its calls, and looks
/// for what must never leave it: private keys, the admin credential, tokens.
/// </summary>
public sealed class SecretScanTests
{
    private const string Manifest =
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"vmapp","namespace":"app"},"spec":{"selector":{"app":"vm"},"ports":[{"name":"http","port":80}]}}""";

    [Fact]
    public async Task Neither_the_log_nor_any_answer_nor_what_is_saved_or_told_to_gateways_holds_a_secret()
    {
        await using var host = await ApiHost.StartAsync();
        var (_, minted) = await host.PostAsync("/v1/tokens", """{"namespace":"app","serviceAccount":"vm"}""");
        var token = minted.GetProperty("token").GetString()!;
        await JoinAsync(host, token);
        await JoinAsync(host, token + "x"); // what is refused is logged as well
        await host.PostAsync("/v1/config", Manifest);
        var answers = await AnswersAsync(host);
        answers.AddRange(await SnapshotAsync(host));
        answers.AddRange(Stored(host));

        // the answers were really there to be looked at
        Assert.Contains(answers, answer => answer.Contains("spiffe://cluster.local/ns/app/sa/vm", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.StartsWith("/v1/revisions/1 ", StringComparison.Ordinal)
            && answer.Contains("vmapp", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.StartsWith("snapshot identity/", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.StartsWith("stored mesh.db ", StringComparison.Ordinal));
        Assert.True(host.Log.Lines.Count > 10, $"only {host.Log.Lines.Count} lines were logged");
        foreach (var secret in Secrets(host, token))
        {
            Assert.DoesNotContain(host.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(answers, answer => answer.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_is_secret_on_disk_is_its_owners_only()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var host = await ApiHost.StartAsync();
        await host.GetAsync("/v1/ca");

        Assert.All(KeyFiles(host).Append(Path.Combine(host.Folder, "admin-token")), file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    private static async Task JoinAsync(ApiHost host, string token)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=vm", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/workloads", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = new StringContent(
            JsonSerializer.Serialize(new { @namespace = "app", name = "vm-1", address = "10.0.0.9", serviceAccount = "vm", csr }),
            new MediaTypeHeaderValue("application/json"));
        using var response = await host.SendAsync(request);
    }

    private static async Task<List<string>> AnswersAsync(ApiHost host)
    {
        string[] paths =
        [
            "/v1/config", "/v1/revisions", "/v1/workloads", "/v1/workloads/app/vm-1", "/v1/identities", "/v1/services",
            "/v1/proxies", "/v1/gateways", "/v1/peers", "/v1/ca", "/v1/audit", "/v1/whoami", "/v1/trust-bundle",
            "/v1/trust-bundles", "/v1/analyze", "/v1/revisions/1", "/v1/config/Service/app/vmapp",
            "/metrics", "/healthz/ready",
        ];
        var answers = new List<string>();
        foreach (var path in paths)
        {
            using var response = await host.GetAsync(path, host.AdminCredential);
            answers.Add($"{path} {await response.Content.ReadAsStringAsync()} {response.Headers}");
        }

        return answers;
    }

    /// <summary>What gateways follow, as it is told them.</summary>
    private static async Task<List<string>> SnapshotAsync(ApiHost host)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var batch in host.Grain<IMeshSnapshotGrain>().FollowAsync("", 0).WithCancellation(patience.Token))
        {
            return [.. batch.Changes.Select(change => $"snapshot {change.Key} {change.Payload}")];
        }

        throw new InvalidOperationException("The snapshot ended.");
    }

    /// <summary>All that is saved, but for the two files that are there for a secret (and the lock, which nobody else can open).</summary>
    private static IEnumerable<string> Stored(ApiHost host) =>
        Directory.EnumerateFiles(host.Folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("admin-token" or "authority.pem" or "mesh.db.lock"))
            .Select(file => $"stored {Path.GetFileName(file)} {Encoding.Latin1.GetString(BytesOf(file))}");

    private static byte[] BytesOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var content = new MemoryStream();
        file.CopyTo(content);
        return content.ToArray();
    }

    private static IEnumerable<string> Secrets(ApiHost host, string token)
    {
        yield return host.AdminCredential;
        yield return token.Split('.')[1];
        yield return "PRIVATE KEY";
        foreach (var file in KeyFiles(host))
        {
            var text = File.ReadAllText(file);
            var block = text[text.IndexOf("-----BEGIN PRIVATE KEY", StringComparison.Ordinal)..];
            var bytes = Convert.FromBase64String(block[PemEncoding.Find(block).Base64Data]);
            yield return Convert.ToBase64String(bytes)[80..112];
            yield return Convert.ToHexString(bytes)[80..112];
        }
    }

    private static List<string> KeyFiles(ApiHost host)
    {
        var files = Directory.EnumerateFiles(host.Folder, "*.pem", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file, Encoding.ASCII).Contains("PRIVATE KEY", StringComparison.Ordinal))
            .ToList();
        return files.Count > 0 ? files : throw new InvalidOperationException($"There is no key in {host.Folder}.");
    }
}
#endif
