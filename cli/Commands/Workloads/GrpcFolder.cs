using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// Writes what a gRPC program needs that is a member without a sidecar: the xDS bootstrap, and the files that it
/// watches. The key is made here and never leaves. Written again, the folder has a new key and certificate.
/// </summary>
internal static class GrpcFolder
{
    private const string Key = "key.pem";
    private const string Chain = "cert-chain.pem";
    private const string Roots = "root-cert.pem";
    private const string Bootstrap = "grpc-bootstrap.json";

    /// <param name="folder">Where to write.</param>
    /// <param name="member">Whom it is for.</param>
    /// <param name="xds">The plaintext xDS port: gRPC knows no mesh mTLS towards its control plane.</param>
    /// <param name="api">The control plane, with the right to one certificate of the member's identity.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the user does with it next.</returns>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static async Task<string> WriteAsync(
        string folder, WorkloadRequest member, string xds, ApiClient api, CancellationToken cancellationToken)
    {
        Create(folder);
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
        (string Name, string Text)[] files =
        [
            (Roots, Join(bundle.Roots)),
            (Key, key.ExportPkcs8PrivateKeyPem() + "\n"),
            (Chain, Join(certificate.Chain)),
            (Bootstrap, GrpcBootstrap.Write(member, xds, Full(folder, Chain), Full(folder, Key), Full(folder, Roots))),
        ];
        foreach (var (name, text) in files) await Secrets.WriteAsync(Full(folder, name), text, cancellationToken);
        return $"wrote {folder}; start the program with GRPC_XDS_BOOTSTRAP={Full(folder, Bootstrap)}\n"
            + $"its certificate ends at {Ages.At(certificate.NotAfter)}: run this again from "
            + $"{Ages.At(certificate.RotateAt)} on, the program takes over the new files by itself";
    }

    private static void Create(string folder)
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

    private static string Full(string folder, string name) => Path.GetFullPath(Path.Combine(folder, name));

    private static string Join(IEnumerable<string> certificates) =>
        string.Concat(certificates.Select(pem => pem.EndsWith('\n') ? pem : pem + "\n"));
}
