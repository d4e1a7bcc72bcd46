using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// The operator's own intermediate, as files under the names of Istio's secret <c>cacerts</c>: <c>ca-cert.pem</c> and
/// <c>ca-key.pem</c> sign, <c>root-cert.pem</c> is what everybody is to trust, <c>cert-chain.pem</c> (which may be missing)
/// leads from one to the other, <c>ca-crl.pem</c> (which may be missing too) says what they have revoked.
/// </summary>
/// <param name="directory">Where they are; read anew each time, so that a swapped mount counts.</param>
/// <param name="clock">The time at which they must be valid.</param>
internal sealed class PluggedAuthorityFiles(string directory, TimeProvider clock) : IPluggedAuthority
{
    private const string CertificateFile = "ca-cert.pem";
    private const string KeyFile = "ca-key.pem";
    private const string RootFile = "root-cert.pem";
    private const string ChainFile = "cert-chain.pem";
    private const string RevokedFile = "ca-crl.pem";
    private const int MaxBytes = 256 * 1024;

    private (byte[] Content, ImmutableArray<RevocationList> Lists) _revoked = ([], []); // as it was read last

    public async Task<AuthorityMaterial?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var certificate = await TextOfAsync(CertificateFile, cancellationToken);
            using var key = SecretText.Decode(await BytesOfAsync(KeyFile, cancellationToken));
            var root = await TextOfAsync(RootFile, cancellationToken);
            var chain = File.Exists(Path.Combine(directory, ChainFile)) ? await TextOfAsync(ChainFile, cancellationToken) : "";
            return Read(certificate, key, root, chain);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new FormatException($"The authority in {directory} cannot be used: {exception.Message}", exception);
        }
    }

    public async Task<ImmutableArray<RevocationList>> ReadRevokedAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(directory, RevokedFile))) return [];
        try
        {
            var content = await File.ReadAllBytesAsync(
                PathOf(RevokedFile, RevocationListReader.MaxLength), cancellationToken);
            if (content.AsSpan().SequenceEqual(_revoked.Content)) return _revoked.Lists;
            var lists = ListsIn(content);
            _revoked = (content, lists);
            return lists;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{RevokedFile} in {directory} cannot be used: {exception.Message}.", exception);
        }
    }

    private ImmutableArray<RevocationList> ListsIn(byte[] content)
    {
        if (!RevocationListReader.TryReadPem(Encoding.ASCII.GetString(content), out var lists, out var problem))
        {
            throw new FormatException($"{RevokedFile} in {directory} cannot be used: it {problem}.");
        }

        return lists.IsEmpty
            ? throw new FormatException(
                $"{RevokedFile} in {directory} cannot be used: there is no list (BEGIN {RevocationList.PemLabel}) in it.")
            : lists;
    }

    private AuthorityMaterial Read(string certificatePem, SecretText keyPem, string rootPem, string chainPem)
    {
        var signer = Only(CertificateFile, certificatePem);
        var root = Only(RootFile, rootPem);
        var intermediates = All(ChainFile, chainPem)
            .Where(c => !c.RawDataMemory.Span.SequenceEqual(signer.RawDataMemory.Span)
                && !c.RawDataMemory.Span.SequenceEqual(root.RawDataMemory.Span))
            .ToArray();
        if (FindRuleFault(signer, intermediates, root) is { } broken) throw Unusable(broken);
        var key = KeyOf(certificatePem, keyPem);
        if (FindFault(signer, intermediates, root) is { } fault) throw Unusable(fault);
        return new AuthorityMaterial(
            root.ExportCertificatePem(),
            RootKey: SecretText.Empty,
            signer.ExportCertificatePem(),
            key,
            string.Join(Environment.NewLine, intermediates.Select(c => c.ExportCertificatePem())));
    }

    // As PKCS#8, whatever form it was written in.
    private static SecretText KeyOf(string certificatePem, SecretText keyPem)
    {
        using var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem.Span);
        using AsymmetricAlgorithm? ec = certificate.GetECDsaPrivateKey();
        using AsymmetricAlgorithm? rsa = certificate.GetRSAPrivateKey();
        return (ec ?? rsa) is { } key
            ? SecretText.OfKey(key)
            : throw new CryptographicException($"the key in {KeyFile} must be EC or RSA");
    }

    // before anything is done with the key: what would come of that says less
    private static string? FindRuleFault(X509Certificate2 signer, X509Certificate2[] intermediates, X509Certificate2 root)
    {
        if (AuthorityRules.FindFault(signer) is { } ofSigner) return $"{CertificateFile}: {ofSigner.TrimEnd('.')}";
        foreach (var one in intermediates)
        {
            if (AuthorityRules.FindFault(one) is { } ofOne) return $"{ChainFile}: {ofOne.TrimEnd('.')}";
        }

        return AuthorityRules.FindFault(root) is { } ofRoot ? $"{RootFile}: {ofRoot.TrimEnd('.')}" : null;
    }

    private string? FindFault(X509Certificate2 signer, X509Certificate2[] intermediates, X509Certificate2 root)
    {
        using var chain = new X509Chain { ChainPolicy = PeerChainPolicy.Under([root], [.. intermediates], clock.GetUtcNow()) };
        return chain.Build(signer)
            ? null
            : $"{CertificateFile} does not lead to {RootFile} by way of {ChainFile}: "
                + string.Join(", ", chain.ChainStatus.Select(s => s.Status));
    }

    private FormatException Unusable(string fault) => new($"The authority in {directory} cannot be used: {fault}.");

    private X509Certificate2 Only(string file, string pem) => All(file, pem) is [var one]
        ? one
        : throw Unusable($"{file} must hold one certificate");

    private static X509Certificate2Collection All(string file, string pem)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(pem);
        }
        catch (CryptographicException exception)
        {
            throw new CryptographicException($"{file} is not PEM: {exception.Message}", exception);
        }

        return all;
    }

    private Task<string> TextOfAsync(string file, CancellationToken cancellationToken) =>
        File.ReadAllTextAsync(PathOf(file), cancellationToken);

    private Task<byte[]> BytesOfAsync(string file, CancellationToken cancellationToken) =>
        File.ReadAllBytesAsync(PathOf(file), cancellationToken);

    private string PathOf(string file, int maxBytes = MaxBytes)
    {
        var path = Path.Combine(directory, file);
        if (!File.Exists(path)) throw new IOException($"{file} is missing");
        return new FileInfo(path).Length <= maxBytes
            ? path
            : throw new IOException($"{file} is larger than {maxBytes} bytes");
    }
}
