using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// The operator's own intermediate, as files under the names of Istio's secret <c>cacerts</c>: <c>ca-cert.pem</c> and
/// <c>ca-key.pem</c> sign, <c>root-cert.pem</c> is what everybody is to trust, <c>cert-chain.pem</c> (which may be missing)
/// leads from one to the other.
/// </summary>
/// <param name="directory">Where they are; read anew each time, so that a swapped mount counts.</param>
/// <param name="clock">The time at which they must be valid.</param>
internal sealed class PluggedAuthorityFiles(string directory, TimeProvider clock) : IPluggedAuthority
{
    private const string CertificateFile = "ca-cert.pem";
    private const string KeyFile = "ca-key.pem";
    private const string RootFile = "root-cert.pem";
    private const string ChainFile = "cert-chain.pem";
    private const int MaxBytes = 256 * 1024;

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

    private AuthorityMaterial Read(string certificatePem, SecretText keyPem, string rootPem, string chainPem)
    {
        var signer = Only(CertificateFile, certificatePem);
        var root = Only(RootFile, rootPem);
        var key = KeyOf(certificatePem, keyPem);
        var intermediates = All(ChainFile, chainPem)
            .Where(c => !c.RawDataMemory.Span.SequenceEqual(signer.RawDataMemory.Span)
                && !c.RawDataMemory.Span.SequenceEqual(root.RawDataMemory.Span))
            .ToArray();
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

    private string? FindFault(X509Certificate2 signer, X509Certificate2[] intermediates, X509Certificate2 root)
    {
        if (!IsAuthority(signer)) return $"{CertificateFile} is no certificate of an authority that may sign certificates: have it issued as one (CA:TRUE, keyCertSign)";
        if (!IsAuthority(root)) return $"{RootFile} is no certificate of an authority";
        using var chain = new X509Chain { ChainPolicy = PeerChainPolicy.Under([root], [.. intermediates], clock.GetUtcNow()) };
        return chain.Build(signer)
            ? null
            : $"{CertificateFile} does not lead to {RootFile} by way of {ChainFile}: "
                + string.Join(", ", chain.ChainStatus.Select(s => s.Status));
    }

    private static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(c => c.CertificateAuthority)
        && certificate.Extensions.OfType<X509KeyUsageExtension>().All(u => u.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign));

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

    private string PathOf(string file)
    {
        var path = Path.Combine(directory, file);
        if (!File.Exists(path)) throw new IOException($"{file} is missing");
        return new FileInfo(path).Length <= MaxBytes
            ? path
            : throw new IOException($"{file} is larger than {MaxBytes} bytes");
    }
}
