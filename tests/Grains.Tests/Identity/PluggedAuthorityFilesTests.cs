using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Silo.Identity;
using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class PluggedAuthorityFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-cacerts-").FullName;
    private readonly ManualTimeProvider _clock = new();
    private readonly OutsideAuthority _root;
    private readonly OutsideAuthority _middle;
    private readonly OutsideAuthority _signer;

    public PluggedAuthorityFilesTests()
    {
        _root = new OutsideAuthority("root", null, _clock.GetUtcNow());
        _middle = new OutsideAuthority("middle", _root, _clock.GetUtcNow());
        _signer = new OutsideAuthority("signer", _middle, _clock.GetUtcNow());
        Write(_signer.Pem, _signer.KeyPem, _root.Pem, string.Join('\n', _signer.Pem, _middle.Pem, _root.Pem));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_it_signs_leads_to_the_root_by_way_of_the_chain()
    {
        var material = (await ReadAsync())!;

        using var authority = new SigningAuthority(material, new MeshOptions(), new AuthorityOptions());
        var signed = Assert.IsType<SignResult.Signed>(authority.Sign(
            new SignRequest("spiffe://cluster.local/ns/shop/sa/cart", [.. CsrSamples.P256()], null, []), _clock.GetUtcNow()));
        Assert.Equal(
            [_signer.Serial, _middle.Serial],
            signed.ChainPem[1..].Select(pem => X509Certificate2.CreateFromPem(pem).SerialNumber));
        Assert.Equal((0, _root.Serial), (material.RootKey.Length, X509Certificate2.CreateFromPem(material.RootCertificate).SerialNumber));
        Assert.False(authority.NeedsNewSigner(_clock.GetUtcNow().AddYears(20)));
    }

    [Fact]
    public async Task It_comes_back_from_the_key_store_as_it_was()
    {
        var keys = new AuthorityKeys((await ReadAsync())!);
        var store = new FileAuthorityKeyStore(Path.Combine(_directory, "authority.pem"));

        await store.CreateAsync(keys, default);

        Assert.Equal(keys, await store.LoadAsync(default));
    }

    [Fact]
    public async Task An_RSA_key_in_the_form_that_openssl_wrote_for_long_will_do()
    {
        var signer = new OutsideAuthority("signer", _root, _clock.GetUtcNow(), isRsa: true);
        Write(signer.Pem, signer.KeyPem, _root.Pem, chain: null);

        var material = (await ReadAsync())!;

        using var authority = new SigningAuthority(material, new MeshOptions(), new AuthorityOptions());
        Assert.IsType<SignResult.Signed>(authority.Sign(
            new SignRequest("spiffe://cluster.local/ns/shop/sa/cart", [.. CsrSamples.P256()], null, []), _clock.GetUtcNow()));
    }

    [Theory]
    [InlineData("ca-cert.pem", "missing")]
    [InlineData("ca-key.pem", "missing")]
    [InlineData("root-cert.pem", "missing")]
    [InlineData("cert-chain.pem", "does not lead")]
    public async Task A_missing_file_is_told(string file, string message)
    {
        File.Delete(Path.Combine(_directory, file));

        Assert.Contains(message, (await Assert.ThrowsAsync<FormatException>(ReadAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_is_not_told_in_the_exception()
    {
        var lines = _signer.KeyPem.Split('\n');
        lines[2] = lines[2][..^4] + "AAAA"; // still base64, and no key any more
        Write(_signer.Pem, string.Join('\n', lines), _root.Pem, _middle.Pem);

        var exception = await Assert.ThrowsAsync<FormatException>(ReadAsync);

        Assert.DoesNotContain(lines[1], $"{exception}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_belong_together_is_refused()
    {
        var other = new OutsideAuthority("other", null, _clock.GetUtcNow());
        var leaf = new OutsideAuthority("leaf", _root, _clock.GetUtcNow(), isAuthority: false);

        await RefusedAsync(_signer.Pem, other.KeyPem, _root.Pem, _middle.Pem); // another key
        await RefusedAsync(_signer.Pem, _signer.KeyPem, other.Pem, _middle.Pem); // another root
        await RefusedAsync(leaf.Pem, leaf.KeyPem, _root.Pem, ""); // may sign nothing
        await RefusedAsync("rubbish", _signer.KeyPem, _root.Pem, "");
        await RefusedAsync(_signer.Pem, "rubbish", _root.Pem, _middle.Pem);
        await RefusedAsync(_signer.Pem, _signer.KeyPem, _root.Pem + "\n" + other.Pem, _middle.Pem);
        _clock.Advance(TimeSpan.FromDays(4000));
        await RefusedAsync(_signer.Pem, _signer.KeyPem, _root.Pem, _middle.Pem); // has ended
    }

    [Fact]
    public async Task Lists_of_revoked_certificates_are_read_anew_when_the_file_differs()
    {
        var files = new PluggedAuthorityFiles(_directory, _clock);
        var none = await files.ReadRevokedAsync(default);
        WriteRevoked(_root.ListOf(_middle, _clock.GetUtcNow()));
        var first = await files.ReadRevokedAsync(default);
        var same = await files.ReadRevokedAsync(default);
        WriteRevoked(_root.ListOf(_middle, _clock.GetUtcNow()) + "\n" + _middle.ListOf(_signer, _clock.GetUtcNow()));
        var both = await files.ReadRevokedAsync(default);

        Assert.Equal((0, 1, 2), (none.Length, first.Length, both.Length));
        Assert.True(first == same); // not read again
        Assert.Equal([_middle.Serial, _signer.Serial], both.Select(list => list.Entries.Single().Serial));
    }

    [Theory]
    [InlineData("rubbish", "no list")]
    [InlineData("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----", "is not a list")]
    public async Task A_file_that_is_no_list_is_told(string content, string what)
    {
        WriteRevoked(content);

        var exception = await Assert.ThrowsAsync<FormatException>(
            () => new PluggedAuthorityFiles(_directory, _clock).ReadRevokedAsync(default));

        Assert.Contains(what, exception.Message, StringComparison.Ordinal);
        Assert.NotNull(await ReadAsync()); // the authority beside it is as good as before
    }

    private void WriteRevoked(string content) => File.WriteAllText(Path.Combine(_directory, "ca-crl.pem"), content);

    private async Task RefusedAsync(string certificate, string key, string root, string chain)
    {
        Write(certificate, key, root, chain);
        await Assert.ThrowsAsync<FormatException>(ReadAsync);
    }

    private Task<AuthorityMaterial?> ReadAsync() => new PluggedAuthorityFiles(_directory, _clock).ReadAsync(default);

    private void Write(string certificate, string key, string root, string? chain)
    {
        foreach (var file in Directory.GetFiles(_directory)) File.Delete(file);
        File.WriteAllText(Path.Combine(_directory, "ca-cert.pem"), certificate);
        File.WriteAllText(Path.Combine(_directory, "ca-key.pem"), key);
        File.WriteAllText(Path.Combine(_directory, "root-cert.pem"), root);
        if (chain is not null) File.WriteAllText(Path.Combine(_directory, "cert-chain.pem"), chain);
    }

    /// <summary>A certificate that somebody else's tools have made.</summary>
    private sealed class OutsideAuthority
    {
        private readonly X509Certificate2 _certificate;

        public OutsideAuthority(
            string name, OutsideAuthority? issuer, DateTimeOffset now, bool isRsa = false, bool isAuthority = true)
        {
            using var rsa = RSA.Create(2048);
            using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
            var request = isRsa
                ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : new CertificateRequest($"CN={name}", ec, HashAlgorithmName.SHA384);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
            var (from, to) = (now.AddDays(-1), now.AddDays(3650));
            if (issuer is null)
            {
                _certificate = request.CreateSelfSigned(from, to);
            }
            else
            {
                using var key = issuer._certificate.GetECDsaPrivateKey()!;
                using var made = request.Create(
                    issuer._certificate.SubjectName,
                    X509SignatureGenerator.CreateForECDsa(key),
                    from,
                    to,
                    AuthorityCertificates.NewSerial());
                _certificate = isRsa ? made.CopyWithPrivateKey(rsa) : made.CopyWithPrivateKey(ec);
            }

            (Pem, Serial) = (_certificate.ExportCertificatePem(), _certificate.SerialNumber);
            KeyPem = isRsa ? rsa.ExportRSAPrivateKeyPem() : ec.ExportECPrivateKeyPem();
        }

        /// <summary>A list with one certificate on it.</summary>
        public string ListOf(OutsideAuthority revoked, DateTimeOffset now)
        {
            using var key = _certificate.GetECDsaPrivateKey()!;
            return TestRevocations.Pem(_certificate, key, now, now.AddDays(1), (revoked._certificate, null));
        }

        public string Pem { get; }

        public string KeyPem { get; }

        public string Serial { get; }
    }
}
