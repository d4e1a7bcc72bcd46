using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>
/// The certificates, keys and roots that operators put into files of this machine. A file is looked at when a
/// connection is made and read again when it has changed; while it cannot be read, what was read before still holds.
/// </summary>
internal sealed class TlsFileStore
{
    private const int MaxBytes = 1 << 20;

    // Entries go with the configuration that names them.
    private readonly ConditionalWeakTable<UpstreamTlsModel, Material> _read = [];

    /// <summary>What the files of a cluster hold.</summary>
    /// <exception cref="IOException">A file was never readable.</exception>
    /// <exception cref="CryptographicException">A file never was what it should be.</exception>
    public Material Read(UpstreamTlsModel tls)
    {
        var stamp = (StampOf(tls.CertificateFile), StampOf(tls.PrivateKeyFile), StampOf(tls.RootsFile));
        _read.TryGetValue(tls, out var known);
        if (known is not null && known.Stamp == stamp) return known;
        try
        {
            var fresh = Load(tls, stamp);
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

    private static Material Load(UpstreamTlsModel tls, (long, long, long) stamp)
    {
        SslStreamCertificateContext? certificate = null;
        if (tls.CertificateFile.Length > 0)
        {
            var chain = TextOf(tls.CertificateFile);
            var leaf = X509Certificate2.CreateFromPem(chain, TextOf(tls.PrivateKeyFile));
            var intermediates = new X509Certificate2Collection();
            intermediates.ImportFromPem(chain);
            intermediates.RemoveAt(0);
            certificate = SslStreamCertificateContext.Create(leaf, intermediates, offline: true);
        }

        var roots = new X509Certificate2Collection();
        if (tls.RootsFile.Length > 0)
        {
            roots.ImportFromPem(TextOf(tls.RootsFile));
            if (roots.Count == 0) throw new CryptographicException($"'{tls.RootsFile}' has no certificate.");
        }

        return new Material(stamp, certificate, roots);
    }

    private static string TextOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length > MaxBytes) throw new IOException($"'{path}' has more than {MaxBytes} bytes.");
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static long StampOf(string path)
    {
        if (path.Length == 0) return 0;
        var file = new FileInfo(path);
        return file.Exists ? HashCode.Combine(file.LastWriteTimeUtc, file.Length, file.LinkTarget) : -1;
    }

    /// <summary>What was read.</summary>
    /// <param name="Stamp">By what a change is noticed.</param>
    /// <param name="Certificate">What this side shows; null for nothing.</param>
    /// <param name="Roots">Whom it believes; empty for those whom the system does.</param>
    internal sealed record Material(
        (long, long, long) Stamp, SslStreamCertificateContext? Certificate, X509Certificate2Collection Roots);
}
