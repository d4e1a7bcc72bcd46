using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Tests.Identity;

public sealed class EndedCertificateProofTests
{
    private static readonly byte[] _csr = [0x30, 0x01, 0x02];

    [Fact]
    public void A_request_that_the_key_of_the_certificate_has_signed_is_signed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256));

        var proof = EndedCertificateProof.Sign(key, _csr);

        Assert.True(EndedCertificateProof.IsSigned(certificate, _csr, proof));
        Assert.False(EndedCertificateProof.IsSigned(certificate, [.. _csr, 0], proof));
        Assert.False(EndedCertificateProof.IsSigned(certificate, _csr, proof.AsSpan(1)));
        Assert.False(EndedCertificateProof.IsSigned(certificate, _csr, []));
        Assert.False(EndedCertificateProof.IsSigned(certificate, _csr, new byte[EndedCertificateProof.MaxSignature + 1]));
    }

    [Fact]
    public void A_signature_without_the_context_is_one_of_something_else()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256));
        var bare = key.SignData(_csr, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

        Assert.False(EndedCertificateProof.IsSigned(certificate, _csr, bare));
    }

    [Fact]
    public void RSA_signs_as_openssl_does()
    {
        using var key = RSA.Create(2048);
        using var certificate = SelfSigned(new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        byte[] message = [.. Encoding.ASCII.GetBytes(EndedCertificateProof.Context), .. _csr];

        var proof = key.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        Assert.True(EndedCertificateProof.IsSigned(certificate, _csr, proof));
        Assert.False(EndedCertificateProof.IsSigned(certificate, [], proof));
    }

    [Fact]
    public void A_chain_is_read_in_its_order_and_what_is_none_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256));
        var pem = certificate.ExportCertificatePem() + "\n";

        Assert.Equal(10, EndedCertificateProof.ReadChain(string.Concat(Enumerable.Repeat(pem, 10)))!.Count);
        Assert.Null(EndedCertificateProof.ReadChain(string.Concat(Enumerable.Repeat(pem, 11))));
        Assert.Null(EndedCertificateProof.ReadChain(""));
        Assert.Null(EndedCertificateProof.ReadChain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"));
        Assert.Null(EndedCertificateProof.ReadChain(pem + new string(' ', EndedCertificateProof.MaxChain)));
    }

    private static X509Certificate2 SelfSigned(CertificateRequest request) =>
        request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
}
