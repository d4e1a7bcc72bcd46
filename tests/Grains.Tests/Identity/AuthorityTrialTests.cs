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

    /// <summary>What is wrong, where in the chain, and what is said of it.</summary>
    public static TheoryData<string, string, string> Faults { get; } = new()
    {
        { "P-521", "signer", "P-256 or P-384" },
        { "P-521", "root", "P-256 or P-384" },
        { "secp256k1", "signer", "P-256 or P-384" },
        { "explicit", "signer", "explicit parameters" },
        { "RSA 1024", "signer", "2048 bits or more" },
        { "RSA 16384", "signer", "8192 bits or less" },
        { "not an authority", "signer", "CA:TRUE" },
        { "not an authority", "middle", "CA:TRUE" },
        { "not an authority", "root", "CA:TRUE" },
        { "no constraints", "signer", "CA:TRUE" },
        { "no constraints", "root", "CA:TRUE" },
        { "digitalSignature", "signer", "keyCertSign" },
        { "digitalSignature", "middle", "keyCertSign" },
        { "digitalSignature", "root", "keyCertSign" },
        { "serverAuth only", "signer", "serverAuth and clientAuth" },
        { "serverAuth only", "middle", "serverAuth and clientAuth" },
        { "serverAuth only", "root", "serverAuth and clientAuth" },
        { "foreign URIs", "signer", "URI names of host 'cluster.local'" },
        { "foreign URIs", "middle", "URI names of host 'cluster.local'" },
        { "no depth", "middle", "path length" },
        { "no depth", "root", "path length" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void An_authority_that_some_peer_would_refuse_is_refused_with_what_to_do(string fault, string where, string said)
    {
        var root = Of("root", null, 2, where == "root" ? fault : "");
        var middle = Of("middle", root, 1, where == "middle" ? fault : "");
        var signer = Of("signer", middle, 0, where == "signer" ? fault : "");

        var told = Fault(signer, root, middle);

        AssertSays(said, told);
        Assert.EndsWith(".", told, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chain_of_the_table_is_good_without_its_faults()
    {
        var root = Of("root", null, 2, "");
        var middle = Of("middle", root, 1, "");

        Assert.Null(Fault(Of("signer", middle, 0, ""), root, middle));
    }

    private static Issuer Of(string name, Issuer? above, int pathLength, string fault)
    {
        var (key, extensions) = fault switch
        {
            "P-521" => (Ec(name, ECCurve.NamedCurves.nistP521), []),
            "secp256k1" => (Ec(name, ECCurve.CreateFromFriendlyName("secP256k1")), []),
            "explicit" => (Ec(name) with { Shown = SpeltOut() }, []),
            "RSA 1024" => (Rsa(name, 1024), []),
            "RSA 16384" => (Ec(name) with { Shown = LargeRsa() }, []),
            "digitalSignature" => (
                Ec(name), new X509Extension[] { new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true) }),
            "serverAuth only" => (
                Ec(name), [new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)]),
            "foreign URIs" => (Ec(name), [Permitted(uri: "other.example", dns: "localhost")]),
            _ => (Ec(name), []),
        };
        bool? isAuthority = fault switch { "not an authority" => false, "no constraints" => null, _ => true };
        return new Issuer(key, above, fault == "no depth" ? 0 : pathLength, isAuthority, extensions);
    }

    // RFC 5480 section 2.1.1: a sequence in the place of the curve's name.
    private static PublicKey SpeltOut()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new PublicKey(
            new Oid("1.2.840.10045.2.1"), new AsnEncodedData([0x30, 0x00]), new PublicKey(key).EncodedKeyValue);
    }

    // Nobody waits for the two primes: what is certified is the modulus.
    private static PublicKey LargeRsa()
    {
        var modulus = new byte[2048];
        Array.Fill(modulus, (byte)0xFF);
        using var key = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] });
        return new PublicKey(key);
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

    private static Named Ec(string name, ECCurve? curve = null) =>
        new(name, ECDsa.Create(curve ?? ECCurve.NamedCurves.nistP256));

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

    private sealed record Named(string Name, AsymmetricAlgorithm Key)
    {
        /// <summary>The key that is certified; null for its own.</summary>
        public PublicKey? Shown { get; init; }
    }

    /// <summary>A certificate of an authority that somebody else's tools have made.</summary>
    private sealed class Issuer
    {
        public Issuer(
            Named name, Issuer? issuer, int pathLength, TimeSpan? life = null, params X509Extension[] extensions)
            : this(name, issuer, pathLength, isAuthority: true, extensions, life)
        {
        }

        /// <param name="name">Its name and key.</param>
        /// <param name="issuer">What is above; null for a root.</param>
        /// <param name="pathLength">How many may be below.</param>
        /// <param name="isAuthority">What its basic constraints say; null when it has none.</param>
        /// <param name="extensions">What else it has.</param>
        /// <param name="life">How long it lives.</param>
        public Issuer(
            Named name,
            Issuer? issuer,
            int pathLength,
            bool? isAuthority,
            X509Extension[] extensions,
            TimeSpan? life = null)
        {
            Name = name;
            var request = name.Shown is { } shown
                ? new CertificateRequest(new X500DistinguishedName($"CN={name.Name}"), shown, HashAlgorithmName.SHA256)
                : name.Key is RSA rsa
                ? new CertificateRequest($"CN={name.Name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : new CertificateRequest($"CN={name.Name}", (ECDsa)name.Key, HashAlgorithmName.SHA256);
            if (isAuthority is { } value)
            {
                request.CertificateExtensions.Add(new X509BasicConstraintsExtension(value, value, value ? pathLength : 0, true));
            }

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
