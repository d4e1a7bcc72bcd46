using System.Collections.Frozen;
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
        var stamp = (StampOf(files.Chain), StampOf(files.Key), StampOf(files.Roots), StampOf(files.Revoked));
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

    private (string Chain, string Key, string Roots, string Revoked) FilesOf(UpstreamTlsModel tls) => (
        tls.Credential.Length > 0 ? folder.ChainOf(tls.Credential) : tls.CertificateFile,
        tls.Credential.Length > 0 ? folder.KeyOf(tls.Credential) : tls.PrivateKeyFile,
        tls.RootsCredential.Length > 0 ? folder.RootsOf(tls.RootsCredential) : tls.RootsFile,
        tls.RevokedFile);

    private static Material Load(
        (string Chain, string Key, string Roots, string Revoked) files, (long, long, long, long) stamp)
    {
        SslStreamCertificateContext? certificate = null;
        if (files.Chain.Length > 0)
        {
            var chain = TextOf(files.Chain);
            using var key = SecretText.Decode(BytesOf(files.Key));
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

        if (files.Revoked.Length == 0) return new Material(stamp, certificate, roots, []);
        var list = BytesOf(files.Revoked);
        if (list.Length == 0) throw new IOException($"'{files.Revoked}' is empty."); // about to be written
        return new Material(stamp, certificate, roots, RevocationList.Read(list));
    }

    private static string TextOf(string path)
    {
        using var reader = new StreamReader(new MemoryStream(BytesOf(path))); // which knows the marks of encodings
        return reader.ReadToEnd();
    }

    private static byte[] BytesOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length > MaxBytes) throw new IOException($"'{path}' has more than {MaxBytes} bytes.");
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    private static long StampOf(string path)
    {
        if (path.Length == 0) return 0;
        var file = new FileInfo(path);
        if (!file.Exists) return -1;

        // a mounted secret is a link through a folder that is a link: only where it ends does it change
        var end = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        return end.Exists ? HashCode.Combine(end.LastWriteTimeUtc, end.Length, end.FullName) : -1;
    }

    /// <summary>What was read.</summary>
    /// <param name="Stamp">By what a change is noticed.</param>
    /// <param name="Certificate">What this side shows; null for nothing.</param>
    /// <param name="Roots">Whom it believes; empty for those whom the system does.</param>
    /// <param name="Revoked">What is no longer good, by issuer (DER, as hex) and serial number.</param>
    internal sealed record Material(
        (long, long, long, long) Stamp,
        SslStreamCertificateContext? Certificate,
        X509Certificate2Collection Roots,
        FrozenSet<(string Issuer, string Serial)> Revoked)
    {
        /// <summary>Whether a certificate of a chain is revoked.</summary>
        public bool IsRevoked(X509Chain? chain) => RevocationList.FindIn(Revoked, chain) is not null;
    }
}
