#if !MESH_ENGINE_ORLEANS
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Grains.Identity;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>A node that has certificates signed without end is told over REST when it may go on.</summary>
public sealed class SigningRateTests
{
    private const string Id = "spiffe://cluster.local/ns/shop/sa/cart";

    [Fact]
    public async Task Who_asks_too_often_is_429_with_the_time_after_which_it_is_signed_again()
    {
        await using var host = await ApiHost.StartAsync();
        var options = host.Service<IOptions<AuthorityOptions>>().Value;
        var first = Assert.IsType<IssueResult.Issued>(
            await host.Grain<IIdentityGrain>(Id).IssueAsync(new IssueRequest([.. Csr()], "shop/cart-1", null), default));
        host.Certificate = X509Certificate2.CreateFromPem(first.ChainPem[0]);
        for (var i = 1; i < options.IssueBurst; i++)
        {
            var (status, _, body) = await SignAsync(host);
            Assert.True(status is HttpStatusCode.Created, $"{i}: {status}: {body}");
            host.Certificate = X509Certificate2.CreateFromPem(body.GetProperty("chain")[0].GetString()!);
        }

        var (refused, retryAfter, problem) = await SignAsync(host);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused);
        Assert.Equal(((int)options.IssueInterval.TotalSeconds).ToString(CultureInfo.InvariantCulture), retryAfter);
        Assert.Contains("too many certificates signed", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("HTTP429", problem.GetProperty("errors")[0].GetProperty("code").GetString());
        host.Clock.Advance(options.IssueInterval);
        Assert.Equal(HttpStatusCode.Created, (await SignAsync(host)).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await SignAsync(host)).Status);
    }

    private static byte[] Csr()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    private static async Task<(HttpStatusCode Status, string? RetryAfter, JsonElement Body)> SignAsync(ApiHost host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/certificates", UriKind.Relative));
        request.Content = new StringContent(
            JsonSerializer.Serialize(new { csr = PemEncoding.WriteString("CERTIFICATE REQUEST", Csr()) }),
            new MediaTypeHeaderValue("application/json"));
        using var response = await host.SendAsync(request);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (
            response.StatusCode,
            response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null,
            document.RootElement.Clone());
    }
}
#endif
