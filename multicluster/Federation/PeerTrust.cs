using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// Decides whether the server at the other end is the control plane of the mesh we linked: its chain must end in that
/// mesh's own roots and its only URI name must be that mesh's control-plane identity. DNS names do not count.
/// </summary>
internal static class PeerTrust
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag UriName = new(TagClass.ContextSpecific, 6);

    public static bool IsControlPlane(
        X509Certificate2? certificate, X509Chain? presented, ImmutableArray<string> roots, string trustDomain)
    {
        if (certificate is null || !TrustDomain.TryParse(trustDomain, out var domain)) return false;
        if (ReadUri(certificate) != SpiffeId.ForWorkload(domain, "istio-system", "mesh-control-plane").ToString()) return false;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        foreach (var pem in roots) chain.ChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(pem));
        foreach (var element in presented?.ChainPolicy.ExtraStore ?? []) chain.ChainPolicy.ExtraStore.Add(element);
        return chain.Build(certificate);
    }

    /// <summary>The certificate's URI name when it has exactly one; else null.</summary>
    private static string? ReadUri(X509Certificate2 certificate)
    {
        if (certificate.Extensions[SubjectAlternativeName] is not { } extension) return null;
        try
        {
            string? uri = null;
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (!names.PeekTag().HasSameClassAndValue(UriName))
                {
                    names.ReadEncodedValue();
                    continue;
                }

                if (uri is not null) return null;
                uri = names.ReadCharacterString(UniversalTagNumber.IA5String, UriName);
            }

            return uri;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
