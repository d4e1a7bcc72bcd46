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
    public void Lists_of_revoked_certificates_go_along_and_leave_authorities_without_one_alone()
    {
        var snapshot = TestMesh.With("").Snapshot;
        var local = snapshot.LocalBundle! with { CrlsPem = ["L1", "L2\n"] };

        var context = SecretTranslator.RootCa(snapshot with { Bundles = snapshot.Bundles.SetItem(local.TrustDomain.Name, local) })!
            .ToAny().Unpack<Secret>().ValidationContext;
        var without = SecretTranslator.RootCa(snapshot)!.ToAny().Unpack<Secret>().ValidationContext;

        Assert.Equal(("L1\nL2\n", true), (context.Crl.InlineString, context.OnlyVerifyLeafCertCrl));
        Assert.Equal((null, false), (without.Crl, without.OnlyVerifyLeafCertCrl));
    }

    [Fact]
    public void Lists_of_a_linked_mesh_stand_beside_its_roots_and_nowhere_else()
    {
        var snapshot = TestMesh.With("").Snapshot;
        var west = new TrustBundle(TrustDomain.Parse("west.local"), ["R\n"], 1, IsLocal: false) { CrlsPem = ["L\n"] };

        var context = SecretTranslator.RootCa(snapshot with { Bundles = snapshot.Bundles.SetItem("west.local", west) })!
            .ToAny().Unpack<Secret>().ValidationContext;

        var validator = context.CustomValidatorConfig.TypedConfig.Unpack<SPIFFECertValidatorConfig>();
        Assert.Equal("R\nL\n", validator.TrustDomains.Single(d => d.Name == "west.local").TrustBundle.InlineString);
        Assert.Null(context.Crl);
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
