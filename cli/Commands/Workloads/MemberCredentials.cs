using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// A folder with the key, the certificate and the roots of a member that has no sidecar of ours. The key is made here
/// and never leaves. Written again, the folder has a new key and certificate.
/// </summary>
internal sealed class MemberCredentials(string folder)
{
    public string Key => Full("key.pem");

    public string Chain => Full("cert-chain.pem");

    public string Roots => Full("root-cert.pem");

    public string Revoked => Full("ca-crl.pem");

    /// <summary>The full path of a file of the folder.</summary>
    public string Full(string name) => Path.GetFullPath(Path.Combine(folder, name));

    /// <param name="member">Whom it is for.</param>
    /// <param name="api">The control plane, with the right to one certificate of the member's identity.</param>
    /// <param name="more">Further files, with what is in them, once the mesh's trust domain is known.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CliException">It cannot be written.</exception>
    public async Task<CertificateAnswer> WriteAsync(
        WorkloadRequest member,
        ApiClient api,
        Func<string, (string Path, string Text)[]> more,
        CancellationToken cancellationToken)
    {
        Create();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest($"CN={member.Name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var signing = await api.PostAsync(
            "/v1/certificates",
            new SignRequest(csr, $"{member.Namespace}/{member.Name}"),
            ApiJson.Default.SignRequest,
            cancellationToken);
        var trust = await api.GetAsync("/v1/trust-bundle", cancellationToken);
        var bundle = trust.Read(ApiJson.Default.TrustBundleAnswer);
        var certificate = signing.Read(ApiJson.Default.CertificateAnswer);
        (string Path, string Text)[] files =
        [
            (Chain, Join(certificate.Chain)),
            .. more(bundle.TrustDomain),
        ];
        await Secrets.WriteAsync(Roots, Join(bundle.Roots), cancellationToken);
        using (var pem = SecretText.OfKey(key)) await Secrets.WriteKeyAsync(Key, pem, cancellationToken);
        foreach (var (path, text) in files) await Secrets.WriteAsync(path, text, cancellationToken);
        return certificate;
    }

    private void Create()
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot create {folder}: {exception.Message}");
        }
    }

    public static string Join(IEnumerable<string> certificates) =>
        string.Concat(certificates.Select(pem => pem.EndsWith('\n') ? pem : pem + "\n"));
}
