using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity;

/// <summary>A chain of certificates as PEM, from outside.</summary>
public static class PemChain
{
    /// <summary>The longest chain.</summary>
    /// <value>10 certificates.</value>
    public const int MaxCertificates = 10;

    /// <summary>Reads a chain, leaf first, without throwing.</summary>
    /// <param name="pem">The text; what is no certificate in it is passed over.</param>
    /// <param name="most">The most characters of it.</param>
    /// <returns>The certificates, to be disposed of; null when the text is no chain, or too long.</returns>
    public static X509Certificate2Collection? Read(ReadOnlySpan<char> pem, int most)
    {
        if (pem.Length > most) return null;
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(pem);
            if (chain.Count is > 0 and <= MaxCertificates) return chain;
        }
        catch (CryptographicException)
        {
            // those before the fault are disposed of below
        }

        foreach (var certificate in chain) certificate.Dispose();
        return null;
    }
}
