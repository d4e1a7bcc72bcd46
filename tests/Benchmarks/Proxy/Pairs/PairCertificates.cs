using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>
/// The certificates of the pairs of others: P-256, a root and a leaf for each side, of the kind that the mesh gives its own.
/// In files, as those servers read them.
/// </summary>
internal sealed class PairCertificates
{
    /// <summary>The name that the inbound side proves.</summary>
    public const string ServerName = "backend.bench";

    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(1);

    private PairCertificates(string folder) => Folder = folder;

    /// <summary>Where they are.</summary>
    public string Folder { get; }

    /// <summary>The root, in PEM.</summary>
    public string Root => Path.Combine(Folder, "root.pem");

    /// <summary>The certificate of a side, in PEM.</summary>
    public string CertificateOf(string side) => Path.Combine(Folder, side + ".pem");

    /// <summary>The key of a side, in PEM.</summary>
    public string KeyOf(string side) => Path.Combine(Folder, side + ".key");

    /// <summary>Both in one file, as haproxy wants them.</summary>
    public string BundleOf(string side) => Path.Combine(Folder, side + ".both.pem");

    /// <summary>Makes a root and the certificates of the sides <c>client</c> and <c>server</c>.</summary>
    public static PairCertificates Create(string folder, TimeProvider clock)
    {
        Directory.CreateDirectory(folder);
        var certificates = new PairCertificates(folder);
        var from = clock.GetUtcNow().AddMinutes(-5);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench root", rootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        using var root = request.CreateSelfSigned(from, from + _lifetime);
        File.WriteAllText(certificates.Root, root.ExportCertificatePem());
        foreach (var side in new[] { "client", "server" }) certificates.Issue(root, side, from);
        return certificates;
    }

    private void Issue(X509Certificate2 root, string side, DateTimeOffset from)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={side}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"spiffe://cluster.local/ns/bench/sa/{side}"));
        names.AddDnsName(side == "server" ? ServerName : "client.bench");
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(root, from, from + _lifetime, RandomNumberGenerator.GetBytes(16));
        var (certificate, secret) = (leaf.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificateOf(side), certificate);
        File.WriteAllText(KeyOf(side), secret);
        File.WriteAllText(BundleOf(side), $"{certificate}\n{secret}\n");
    }
}
