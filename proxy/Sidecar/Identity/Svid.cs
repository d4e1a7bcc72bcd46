using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>A certificate with its key and what leads from it towards the root.</summary>
internal sealed class Svid
{
    private const int MaxLength = 1 << 18; // characters of PEM

    private Svid(X509Certificate2 leaf, X509Certificate2Collection intermediates, ECDsa key)
    {
        Leaf = leaf.CopyWithPrivateKey(key);
        Intermediates = intermediates;
        PublicKey = key.ExportSubjectPublicKeyInfo();
    }

    public X509Certificate2 Leaf { get; }

    public X509Certificate2Collection Intermediates { get; }

    public byte[] PublicKey { get; }

    public DateTimeOffset NotBefore => new(Leaf.NotBefore.ToUniversalTime());

    public DateTimeOffset NotAfter => new(Leaf.NotAfter.ToUniversalTime());

    public TimeSpan Lifetime => NotAfter - NotBefore;

    /// <summary>The certificate and what leads from it towards the root.</summary>
    public string ChainPem
    {
        get
        {
            var chain = new StringBuilder(Leaf.ExportCertificatePem()).Append('\n');
            foreach (var certificate in Intermediates) chain.Append(certificate.ExportCertificatePem()).Append('\n');
            return chain.ToString();
        }
    }

    /// <summary>Signs the request for another certificate, once this one has ended (<see cref="EndedCertificateProof"/>).</summary>
    /// <param name="csr">PKCS#10, DER.</param>
    public byte[] Prove(byte[] csr)
    {
        using var key = Leaf.GetECDsaPrivateKey()!;
        return EndedCertificateProof.Sign(key, csr);
    }

    /// <summary>Reads a chain of certificates, leaf first, without throwing.</summary>
    /// <returns>The certificates, or null when the text is none or too much.</returns>
    public static X509Certificate2Collection? ParseChain(ReadOnlySpan<char> pem) => PemChain.Read(pem, MaxLength);

    /// <summary>Joins a chain and the key that its leaf certifies; the key stays the caller's to dispose of.</summary>
    public static Svid Join(X509Certificate2Collection chain, ECDsa key)
    {
        var intermediates = new X509Certificate2Collection();
        for (var i = 1; i < chain.Count; i++)
        {
            if (!PeerSvid.IsSelfSigned(chain[i])) intermediates.Add(chain[i]); // peers have their own opinion of roots
        }

        return new Svid(chain[0], intermediates, key);
    }

    /// <summary>Whose key the leaf of a chain certifies.</summary>
    public static bool IsFor(X509Certificate2 leaf, byte[] publicKey) =>
        leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey);

    /// <summary>
    /// Key and chain in one text, so that a file of it can be replaced in one step. For the state directory
    /// only; whoever has written the bytes clears them.
    /// </summary>
    public byte[] ToFile()
    {
        var chain = "\n" + ChainPem;
        using var key = Leaf.GetECDsaPrivateKey()!;
        using var pem = SecretText.OfKey(key);
        var file = new byte[pem.Length + chain.Length];
        Encoding.ASCII.GetBytes(pem.Span, file);
        Encoding.ASCII.GetBytes(chain, file.AsSpan(pem.Length));
        return file;
    }

    /// <summary>Reads what <see cref="ToFile"/> wrote, and clears it.</summary>
    /// <exception cref="CryptographicException">
    /// It is something else, or key and certificate do not belong together.
    /// </exception>
    public static Svid FromFile(byte[] bytes)
    {
        using var text = SecretText.Decode(bytes);
        var chain = ParseChain(text.Span) ?? throw new CryptographicException("There is no certificate in it.");
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text.Span);
        }
        catch (ArgumentException exception)
        {
            throw new CryptographicException("There is no private key in it.", exception);
        }

        return IsFor(chain[0], key.ExportSubjectPublicKeyInfo())
            ? Join(chain, key)
            : throw new CryptographicException("Its key and its certificate do not belong together.");
    }

    public override string ToString() => $"Svid {Leaf.SerialNumber}, valid until {NotAfter:u}";
}
