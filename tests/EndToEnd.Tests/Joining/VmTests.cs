using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Joining;

/// <summary>A plain process joins over REST: certificate, endpoint, lease.</summary>
public sealed class VmTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-vm-");
    private ControlPlane _controlPlane = null!;

    public async Task InitializeAsync()
    {
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));
        await _controlPlane.ApplyAsync(
            "{apiVersion: v1, kind: Service, metadata: {name: vmapp}, spec: {selector: {app: vmapp}, ports: [{name: http, port: 80, targetPort: 8080}]}}");
    }

    public async Task DisposeAsync()
    {
        await _controlPlane.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_token_buys_one_membership_with_certificate_and_all_a_sidecar_needs()
    {
        var token = await _controlPlane.MintTokenAsync("default", "vm");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=I claim to be root", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

        var (status, answer) = await JoinAsync(token, Body("vm-1", csr: csr));

        Assert.Equal(HttpStatusCode.Created, status);
        using var leaf = X509Certificate2.CreateFromPem(answer.GetProperty("certificate").GetProperty("chain")[0].GetString());
        Assert.Contains("spiffe://cluster.local/ns/default/sa/vm", SanOf(leaf), StringComparison.Ordinal);
        Assert.DoesNotContain("I claim", leaf.Subject, StringComparison.Ordinal);
        Assert.Equal(_controlPlane.Xds, answer.GetProperty("xds").GetString());
        Assert.Equal("vm", answer.GetProperty("sidecarConfig").GetProperty("service-account").GetString());
        Assert.False(answer.GetProperty("sidecarConfig").TryGetProperty("token", out _)); // the certificate is enough
        Assert.Contains("BEGIN CERTIFICATE", answer.GetProperty("trustBundle").GetProperty("roots")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_join_is_given_nothing_that_the_first_was_not()
    {
        var token = await _controlPlane.MintTokenAsync("default", "vm");
        var body = Body("vm-again");

        var (_, first) = await JoinAsync(token, body);
        var (repeated, second) = await JoinAsync(token, body);
        var (changed, _) = await JoinAsync(token, Body("vm-again", lease: 5));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (repeated, changed));
        Assert.Equal(TokenOf(first), TokenOf(second));
        Assert.NotEqual(token, TokenOf(first));

        static string? TokenOf(JsonElement answer) => answer.GetProperty("sidecarConfig").GetProperty("token").GetString();
    }

    [Fact]
    public async Task A_token_is_good_once()
    {
        var token = await _controlPlane.MintTokenAsync("default", "vm");

        var (first, _) = await JoinAsync(token, Body("vm-1"));
        var (second, problem) = await JoinAsync(token, Body("vm-2"));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Unauthorized), (first, second));
        Assert.Contains("used before", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_good_for_its_own_service_account_only()
    {
        var token = await _controlPlane.MintTokenAsync("default", "other");

        var (status, problem) = await JoinAsync(token, Body("vm-1"));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("'other'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_joins_without_a_credential()
    {
        var (status, _) = await JoinAsync(token: null, Body("vm-1"));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Theory]
    [InlineData("\"address\":\"0.0.0.0\"")]
    [InlineData("\"address\":\"169.254.169.254\"")]
    [InlineData("\"address\":\"example.com\"")]
    [InlineData("\"name\":\"a/b\"")]
    [InlineData("\"ports\":{\"http\":0}")]
    [InlineData("\"ports\":{\"http\":65536}")]
    [InlineData("\"weight\":0")]
    [InlineData("\"unheardOf\":1")]
    public async Task A_wrong_registration_is_refused_with_the_field_that_is_wrong(string field)
    {
        var (status, problem) = await JoinAsync(AdminToken(), Body("vm-1", extra: field));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(field.Split('"')[1], problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_makes_the_member_unhealthy_and_then_removes_it()
    {
        await JoinAsync(await _controlPlane.MintTokenAsync("default", "vm"), Body("vm-1", lease: 1));

        await HealthIsAsync("Healthy");
        await HealthIsAsync("Unhealthy");
        await _controlPlane.WaitForAsync("/v1/workloads", w => w.GetArrayLength() == 0, "the removal of vm-1");
    }

    [Fact]
    public async Task A_member_that_renews_stays_healthy_and_leaves_when_it_says_so()
    {
        await JoinAsync(await _controlPlane.MintTokenAsync("default", "vm"), Body("vm-1", lease: 2));
        for (var i = 0; i < 8; i++)
        {
            using var renewed = await _controlPlane.Api.PutAsync("/v1/workloads/default/vm-1/lease", content: null);
            Assert.Equal(HttpStatusCode.NoContent, renewed.StatusCode);
            await Task.Delay(500); // a quarter of the lease: time passes for the control plane as well
        }

        await HealthIsAsync("Healthy");
        using var left = await _controlPlane.Api.DeleteAsync("/v1/workloads/default/vm-1");
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        await _controlPlane.WaitForAsync("/v1/workloads", w => w.GetArrayLength() == 0, "the removal of vm-1");
    }

    private Task<JsonElement> HealthIsAsync(string health) => _controlPlane.WaitForAsync(
        "/v1/workloads",
        all => all.EnumerateArray().Any(w => w.GetProperty("health").GetString() == health),
        $"vm-1 {health}");

    private string AdminToken() => File.ReadAllText(Path.Combine(_controlPlane.DataDirectory, "admin-token")).Trim();

    private static string SanOf(X509Certificate2 certificate) =>
        Encoding.ASCII.GetString(certificate.Extensions["2.5.29.17"]!.RawData);

    private static string Body(string name, string csr = "", double lease = 30, string extra = "")
    {
        var fields = new Dictionary<string, string>
        {
            ["namespace"] = "\"default\"",
            ["name"] = $"\"{name}\"",
            ["address"] = "\"127.0.0.9\"",
            ["ports"] = "{\"http\":8080}",
            ["labels"] = "{\"app\":\"vmapp\"}",
            ["serviceAccount"] = "\"vm\"",
            ["leaseSeconds"] = $"{lease}",
            ["csr"] = JsonSerializer.Serialize(csr),
        };
        if (extra.Length > 0) fields[extra.Split('"')[1]] = extra[(extra.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return $"{{{string.Join(',', fields.Select(f => $"\"{f.Key}\":{f.Value}"))}}}";
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> JoinAsync(string? token, string body)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_controlPlane.ApiAddress) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/v1/workloads", content);
        return (response.StatusCode, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()));
    }
}
