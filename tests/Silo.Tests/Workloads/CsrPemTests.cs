using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Multicluster.Workloads;

namespace MeshOrleans.Silo.Tests.Workloads;

public sealed class CsrPemTests
{
    private static readonly string Valid = Create();

    [Fact]
    public void One_certificate_request_is_read() => Assert.True(CsrPem.TryRead($"\n{Valid}\n", out var der) && der.Length > 100);

    [Fact]
    public void Two_requests_are_not_one() => Assert.False(CsrPem.TryRead($"{Valid}\n{Valid}", out _));

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----")]
    public void Anything_else_is_refused(string text) => Assert.False(CsrPem.TryRead(text, out _));

    [Fact]
    public void A_text_without_end_is_refused() => Assert.False(CsrPem.TryRead(Valid + new string(' ', 40_000), out _));

    private static string Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }
}
