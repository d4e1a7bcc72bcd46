using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>
/// The certificates, keys and roots that operators put into files of this machine. A file is looked at when a
/// connection is made and read again when it has changed; while it cannot be read, what was read before still holds.
/// </summary>
/// <param name="folder">Where credentials are that have a name.</param>
internal sealed class TlsFileStore(CredentialFolder folder)
{
    private const int MaxBytes = 1 << 20;

    // Entries go with the configuration that names them.
    private readonly ConditionalWeakTable<UpstreamTlsModel, Material> _read = [];

    /// <summary>What the files of a cluster hold.</summary>
    /// <exception cref="IOException">A file was never readable.</exception>
    /// <exception cref="CryptographicException">A file never was what it should be.</exception>
    public Material Read(UpstreamTlsModel tls)
    {
        var files = FilesOf(tls);
        var stamp = (StampOf(files.Chain), StampOf(files.Key), StampOf(files.Roots));
        _read.TryGetValue(tls, out var known);
        if (known is not null && known.Stamp == stamp) return known;
        try
        {
            var fresh = Load(files, stamp);
            _read.AddOrUpdate(tls, fresh);
            return fresh;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException
                && known is not null)
        {
            return known; // half written, or gone for a moment: it is looked at again with the next connection
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    private (string Chain, string Key, string Roots) FilesOf(UpstreamTlsModel tls) => (
        tls.Credential.Length > 0 ? folder.ChainOf(tls.Credential) : tls.CertificateFile,
        tls.Credential.Length > 0 ? folder.KeyOf(tls.Credential) : tls.PrivateKeyFile,
        tls.RootsCredential.Length > 0 ? folder.RootsOf(tls.RootsCredential) : tls.RootsFile);

    private static Material Load((string Chain, string Key, string Roots) files, (long, long, long) stamp)
    {
        SslStreamCertificateContext? certificate = null;
        if (files.Chain.Length > 0)
        {
            var chain = TextOf(files.Chain);
            using var key = SecretText.Decode(MachineFile.Read(files.Key, MaxBytes));
            var leaf = X509Certificate2.CreateFromPem(chain, key.Span);
            var intermediates = new X509Certificate2Collection();
            intermediates.ImportFromPem(chain);
            intermediates.RemoveAt(0);
            certificate = SslStreamCertificateContext.Create(leaf, intermediates, offline: true);
        }

        var roots = new X509Certificate2Collection();
        if (files.Roots.Length > 0)
        {
            roots.ImportFromPem(TextOf(files.Roots));
            if (roots.Count == 0) throw new CryptographicException($"'{files.Roots}' has no certificate.");
        }

        return new Material(stamp, certificate, roots);
    }

    private static string TextOf(string path)
    {
        using var reader = new StreamReader(new MemoryStream(MachineFile.Read(path, MaxBytes))); // which knows the marks of encodings
        return reader.ReadToEnd();
    }

    private static long StampOf(string path) => MachineFile.Look(path).Stamp;

    /// <summary>What was read.</summary>
    /// <param name="Stamp">By what a change is noticed.</param>
    /// <param name="Certificate">What this side shows; null for nothing.</param>
    /// <param name="Roots">Whom it believes; empty for those whom the system does.</param>
    internal sealed record Material(
        (long, long, long) Stamp, SslStreamCertificateContext? Certificate, X509Certificate2Collection Roots);
}
