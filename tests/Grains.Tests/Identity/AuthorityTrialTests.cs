using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

/// <summary>What an operator's authority must be able to do, and what is said when it cannot.</summary>
public sealed class AuthorityTrialTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly X509KeyUsageExtension _certSign = new(X509KeyUsageFlags.KeyCertSign, true);

    [Fact]
    public void One_that_signs_what_peers_believe_is_good()
    {
        Assert.Null(FaultOf(Ec("ok"), pathLength: 0));
        Assert.Null(FaultOf(Rsa("ok", 2048), pathLength: 0, _certSign));
        Assert.Null(FaultOf(Ec("ok"), pathLength: 0, Permitted(uri: "cluster.local", dns: "localhost")));
    }

    [Fact]
    public void A_path_length_that_allows_nothing_below_is_refused()
    {
        var root = new Issuer(Ec("root"), null, pathLength: 0);
        var middle = new Issuer(Ec("middle"), root, pathLength: 0);
        var signer = new Issuer(Ec("signer"), middle, pathLength: 0);

        AssertSays("path length", Fault(signer, root, middle));
    }

    [Fact]
    public void Name_constraints_that_forbid_the_meshs_names_are_refused()
    {
        AssertSays("name constraints", FaultOf(Ec("s"), 0, Permitted(uri: "other.example", dns: "localhost")));
        AssertSays("name constraints", FaultOf(Ec("s"), 0, Permitted(uri: "cluster.local", dns: "other.example")));
    }

    [Fact]
    public void A_key_that_may_not_sign_certificates_is_refused() =>
        AssertSays("keyCertSign", FaultOf(Ec("s"), 0, new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true)));

    [Fact]
    public void An_extended_key_usage_that_is_not_for_both_ends_of_TLS_is_refused() => AssertSays(
        "serverAuth",
        FaultOf(Ec("s"), 0, new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false)));

    [Fact]
    public void A_key_that_is_too_small_is_refused() => AssertSays("1024 bits", FaultOf(Rsa("s", 1024), 0));

    [Fact]
    public void One_with_hardly_any_life_left_is_not_begun_with()
    {
        var root = new Issuer(Ec("root"), null, 1);
        var signer = new Issuer(Ec("signer"), root, 0, life: TimeSpan.FromHours(23));
        var options = new AuthorityOptions();

        AssertSays("lives longer", AuthorityTrial.FindLifeFault(Material(signer, root), options, _now));
        options.DefaultLifetime = TimeSpan.FromHours(22);
        Assert.Null(AuthorityTrial.FindLifeFault(Material(signer, root), options, _now));
    }

    [Fact]
    public void No_certificate_outlives_what_is_above_it()
    {
        var root = new Issuer(Ec("root"), null, 1, life: TimeSpan.FromHours(3));
        var signer = new Issuer(Ec("signer"), root, 0);
        using var authority = new SigningAuthority(Material(signer, root), new MeshOptions(), new AuthorityOptions());

        var signed = Assert.IsType<SignResult.Signed>(authority.Sign(
            new SignRequest("spiffe://cluster.local/ns/a/sa/b", [.. CsrSamples.P256()], null, []), _now));

        Assert.Equal(_now.AddHours(3), signed.NotAfter);
    }

    private static void AssertSays(string what, string? fault) =>
        Assert.Contains(what, fault, StringComparison.OrdinalIgnoreCase);

    private static string? FaultOf(Named signer, int pathLength, params X509Extension[] extensions)
    {
        var root = new Issuer(Ec("root"), null, pathLength: 1);
        return Fault(new Issuer(signer, root, pathLength, null, extensions), root);
    }

    private static string? Fault(Issuer signer, Issuer root, params Issuer[] between) => AuthorityTrial.FindFault(
        Material(signer, root, between), new MeshOptions(), new AuthorityOptions(), _now);

    private static AuthorityMaterial Material(Issuer signer, Issuer root, params Issuer[] between) => new(
        root.Certificate.ExportCertificatePem(),
        SecretText.Empty,
        signer.Certificate.ExportCertificatePem(),
        SecretText.OfKey(signer.Name.Key),
        string.Join('\n', between.Select(b => b.Certificate.ExportCertificatePem())));

    private static Named Ec(string name) => new(name, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    private static Named Rsa(string name, int bits) => new(name, RSA.Create(bits));

    // RFC 5280 section 4.2.1.10: permittedSubtrees [0] of one URI [6] and one DNS [2] name, and the loopback address [7].
    private static X509Extension Permitted(string uri, string dns)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            using (writer.PushSequence()) writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, Tag(6));
            using (writer.PushSequence()) writer.WriteCharacterString(UniversalTagNumber.IA5String, dns, Tag(2));
            using (writer.PushSequence()) writer.WriteOctetString([127, 0, 0, 0, 255, 0, 0, 0], Tag(7));
        }

        return new X509Extension("2.5.29.30", writer.Encode(), critical: true);

        static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number);
    }

    private sealed record Named(string Name, AsymmetricAlgorithm Key);

    /// <summary>A certificate of an authority that somebody else's tools have made.</summary>
    private sealed class Issuer
    {
        public Issuer(
            Named name, Issuer? issuer, int pathLength, TimeSpan? life = null, params X509Extension[] extensions)
        {
            Name = name;
            var request = name.Key is RSA rsa
                ? new CertificateRequest($"CN={name.Name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : new CertificateRequest($"CN={name.Name}", (ECDsa)name.Key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            foreach (var extension in extensions) request.CertificateExtensions.Add(extension);
            var (from, to) = (_now.AddDays(-1), _now + (life ?? TimeSpan.FromDays(100)));
            Certificate = issuer is null
                ? request.CreateSelfSigned(from, to)
                : request.Create(
                    issuer.Certificate.SubjectName,
                    X509SignatureGenerator.CreateForECDsa((ECDsa)issuer.Name.Key),
                    from,
                    to,
                    AuthorityCertificates.NewSerial());
        }

        public Named Name { get; }

        public X509Certificate2 Certificate { get; }
    }
}
