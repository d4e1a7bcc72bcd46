#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class ApiAuthenticationTests
{
    private const string JoinToken =
        "mt1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.0000000000000000000000000000000000000000000000000000000000000000";

    [Theory]
    [InlineData("/v1/gateways", null, "Bearer realm=\"mesh\"")]
    [InlineData("/v1/gateways", "wrong", "Bearer realm=\"mesh\", error=\"invalid_token\"")]
    [InlineData("/v1/gateways", JoinToken, "Bearer realm=\"mesh\", error=\"invalid_token\"")]
    [InlineData("/v1/trust-bundles", "wrong", "Bearer realm=\"mesh\", error=\"invalid_token\"")]
    public async Task Who_has_no_credential_or_a_wrong_one_is_asked_for_one(string path, string? bearer, string challenge)
    {
        await using var host = await ApiHost.StartAsync();

        using var response = await host.GetAsync(path, bearer);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(challenge, response.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task A_member_is_known_and_may_not()
    {
        await using var host = await ApiHost.StartAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://cluster.local/ns/app/sa/a"));
        request.CertificateExtensions.Add(names.Build(critical: true));
        host.Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        using var response = await host.GetAsync("/v1/gateways", bearer: null);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Empty(response.Headers.WwwAuthenticate);
    }
}
#endif
