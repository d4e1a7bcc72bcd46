using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Sidecar.Edge;

/// <summary>Reads the certificates of the edge from files.</summary>
/// <param name="folder">Where the credentials are.</param>
internal sealed class CredentialFiles(CredentialFolder folder)
{
    private const int MaxBytes = 1 << 20;

    /// <summary>The files of a certificate.</summary>
    /// <exception cref="CredentialException">There can be none.</exception>
    public string[] PathsOf(EdgeCertificateName name) => name.Credential.Length == 0
        ? [name.ChainFile, name.KeyFile]
        : [folder.ChainOf(name.Credential), folder.KeyOf(name.Credential)];

    /// <summary>The file of roots.</summary>
    /// <exception cref="CredentialException">There can be none.</exception>
    public string[] PathsOf(EdgeRootsName name) =>
        [name.Credential.Length == 0 ? name.File : folder.RootsOf(name.Credential)];

    /// <summary>The content of files, one after the other.</summary>
    /// <exception cref="CredentialException">One cannot be read.</exception>
    public static byte[][] Read(string[] paths) => [.. paths.Select(path => MachineFile.Read(path, MaxBytes))];

    /// <summary>A certificate with its key. The content of the key's file is cleared.</summary>
    /// <exception cref="CredentialException">They do not belong together, or are none.</exception>
    public static SslStreamCertificateContext Certificate(byte[][] contents)
    {
        var chain = Encoding.ASCII.GetString(contents[0]);
        using var key = SecretText.Decode(contents[1]);
        try
        {
            var leaf = X509Certificate2.CreateFromPem(chain, key.Span);
            var further = new X509Certificate2Collection();
            further.ImportFromPem(chain);
            further.RemoveAt(0);
            return SslStreamCertificateContext.Create(leaf, further, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new CredentialException($"certificate and key do not make a pair ({exception.Message})");
        }
    }

    /// <exception cref="CredentialException">They are none.</exception>
    public static X509Certificate2Collection Roots(byte[][] contents)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(Encoding.ASCII.GetString(contents[0]));
            if (roots.Count == 0) throw new CredentialException("there is no root in it");
            return roots;
        }
        catch (CryptographicException exception)
        {
            throw new CredentialException($"the roots are no PEM ({exception.Message})");
        }
    }

    /// <summary>By what it is seen that files have changed, without keeping what was in them.</summary>
    public static byte[] DigestOf(byte[][] contents) =>
        SHA256.HashData(contents.SelectMany(content => SHA256.HashData(content)).ToArray());
}
