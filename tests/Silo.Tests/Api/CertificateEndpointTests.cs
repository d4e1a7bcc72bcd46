#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class CertificateEndpointTests
{
    [Theory]
    [InlineData("/v1/certificates", "not by its own key", null, "csr")]
    [InlineData("/v1/certificates", "RSA 1024", null, "csr")]
    [InlineData("/v1/certificates", "", 0.4, "lifetimeSeconds")]
    [InlineData("/v1/workloads", "not by its own key", null, "csr")]
    public async Task A_token_is_not_used_up_by_what_cannot_be_signed(string path, string fault, double? lifetime, string field)
    {
        await using var host = await ApiHost.StartAsync();
        var (_, minted) = await host.PostAsync("/v1/tokens", """{"namespace":"app","serviceAccount":"a"}""");
        var token = minted.GetProperty("token").GetString()!;

        var (refused, problem) = await LoginIssuer.CallAsync(host, "POST", path, token, Body(path, CsrWith(fault), lifetime));
        var (taken, _) = await LoginIssuer.CallAsync(host, "POST", path, token, Body(path, CsrWith(""), lifetime: null));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.Created), (refused, taken));
        Assert.Contains(field, problem.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_joined_as_it_is_is_a_file_that_everybody_reads()
    {
        await using var host = await ApiHost.StartAsync();
        var (_, minted) = await host.PostAsync("/v1/tokens", """{"namespace":"app","serviceAccount":"a"}""");
        var (_, signed) = await LoginIssuer.CallAsync(
            host,
            "POST",
            "/v1/certificates",
            minted.GetProperty("token").GetString()!,
            Body("/v1/certificates", CsrWith(""), lifetime: null));
        var (_, bundle) = await host.GetAsync("/v1/trust-bundle");

        string[] all = [.. Texts(signed, "chain"), .. Texts(bundle, "roots")];

        Assert.True(all.Length >= 2);
        var lines = string.Concat(all).Split('\n');
        Assert.Equal(all.Length, lines.Count(line => line == "-----BEGIN CERTIFICATE-----"));
        Assert.Equal(all.Length, lines.Count(line => line == "-----END CERTIFICATE-----"));
    }

    private static IEnumerable<string> Texts(JsonElement answer, string name) =>
        answer.GetProperty(name).EnumerateArray().Select(text => text.GetString()!);

    private static string Body(string path, string csr, double? lifetime) => JsonSerializer.Serialize<object>(
        path == "/v1/certificates"
            ? lifetime is null ? new { csr } : new { csr, lifetimeSeconds = lifetime }
            : new
            {
                csr, @namespace = "app", name = "vm-1", serviceAccount = "a", address = "10.0.0.1",
                ports = new { http = 80 },
            });

    private static string CsrWith(string fault)
    {
        using var rsa = RSA.Create(fault == "RSA 1024" ? 1024 : 2048);
        var request = new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var der = request.CreateSigningRequest();
        if (fault == "not by its own key") der[^1] ^= 1;
        return PemEncoding.WriteString("CERTIFICATE REQUEST", der);
    }
}
#endif
