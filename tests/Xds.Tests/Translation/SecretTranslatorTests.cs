using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class SecretTranslatorTests
{
    [Fact]
    public void Every_trust_domain_has_its_own_roots()
    {
        var snapshot = TestMesh.With("").Snapshot;
        var bundles = snapshot.Bundles.Add("east.example", new TrustBundle(TrustDomain.Parse("east.example"), ["E1\n", "E2"], 1, IsLocal: false));

        var context = SecretTranslator.RootCa(snapshot with { Bundles = bundles })!.ToAny().Unpack<Secret>().ValidationContext;

        Assert.Equal("ROOT\n", context.TrustedCa.InlineString);
        var validator = context.CustomValidatorConfig.TypedConfig.Unpack<SPIFFECertValidatorConfig>();
        Assert.Equal(
            [("cluster.local", "ROOT\n"), ("east.example", "E1\nE2\n")],
            validator.TrustDomains.Select(d => (d.Name, d.TrustBundle.InlineString)));
    }

    [Fact]
    public void Before_the_authority_has_spoken_there_are_no_roots() => Assert.Null(SecretTranslator.RootCa(MeshSnapshot.Empty));

    [Fact]
    public void A_certificate_travels_without_its_key()
    {
        var secret = SecretTranslator.Certificate(["LEAF", "INTERMEDIATE"]).ToAny().Unpack<Secret>();

        Assert.Equal(("default", "LEAF\nINTERMEDIATE\n"), (secret.Name, secret.TlsCertificate.CertificateChain.InlineString));
        Assert.Null(secret.TlsCertificate.PrivateKey);
    }
}
