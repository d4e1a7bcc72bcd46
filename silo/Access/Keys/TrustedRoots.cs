using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Silo.Access.Keys;

/// <summary>Roots from a file, which a server's certificate must lead to.</summary>
internal sealed class TrustedRoots
{
    private const int MaxLength = 1 << 20;

    private readonly X509Certificate2Collection _roots = [];

    private TrustedRoots(string pem) => _roots.ImportFromPem(pem);

    /// <summary>Reads the file, each time anew: it may have been replaced.</summary>
    /// <returns>Null where no file is named: the roots of the machine hold.</returns>
    public static async Task<TrustedRoots?> ReadAsync(string file)
    {
        if (file.Length == 0) return null;
        if (new FileInfo(file).Length > MaxLength) throw new IOException($"{file} is too long for certificates");
        var roots = new TrustedRoots(await File.ReadAllTextAsync(file));
        return roots._roots.Count > 0 ? roots : throw new IOException($"{file} holds no certificate");
    }

    /// <summary>Has a client believe them, and nobody else.</summary>
    public void Demand(SslClientAuthenticationOptions tls) => tls.CertificateChainPolicy = PeerChainPolicy.Under(_roots);
}
