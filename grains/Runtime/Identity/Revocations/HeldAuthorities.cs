using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Grains.Identity.Revocations;

/// <summary>The authorities that this mesh holds, as issuers of lists: roots, what is between, and what signs.</summary>
internal static class HeldAuthorities
{
    /// <summary>Whether one of them has signed a list.</summary>
    public static bool HaveSigned(RevocationList list, AuthorityKeys keys)
    {
        var all = CertificatesOf(keys.All);
        try
        {
            return all.Any(list.IsSignedBy);
        }
        finally
        {
            foreach (var one in all) one.Dispose();
        }
    }

    /// <summary>The serials of an authority's own certificates.</summary>
    public static HashSet<string> SerialsOf(AuthorityMaterial held)
    {
        var all = CertificatesOf([held]);
        var serials = all.Select(one => SerialNumber.Of(one)).ToHashSet(StringComparer.Ordinal);
        foreach (var one in all) one.Dispose();
        return serials;
    }

    /// <summary>What tells the lists of one issuer from those of another: its name, and which key of it.</summary>
    public static string KeyOf(RevocationList list) => $"{Convert.ToHexString(list.Issuer.Span)}|{list.AuthorityKeyId}";

    /// <summary>The name of a list's issuer, for people.</summary>
    public static string NameOf(RevocationList list) => new X500DistinguishedName(list.Issuer.Span).Name;

    private static X509Certificate2Collection CertificatesOf(IEnumerable<AuthorityMaterial> materials)
    {
        var all = new X509Certificate2Collection();
        foreach (var held in materials)
        {
            all.ImportFromPem(held.RootCertificate);
            all.ImportFromPem(held.SigningCertificate);
            if (held.Intermediates.Length > 0) all.ImportFromPem(held.Intermediates);
        }

        return all;
    }
}
