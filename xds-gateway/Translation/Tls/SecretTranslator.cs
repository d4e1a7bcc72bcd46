using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Translation.Tls;

/// <summary>
/// Roots and certificates as SDS secrets. No private key is ever among them: it does not leave the sidecar.
/// </summary>
public static class SecretTranslator
{
    /// <summary>The secret that holds the proxy's own certificate.</summary>
    public const string CertificateName = "default";

    /// <summary>The secret that holds the roots it trusts.</summary>
    public const string RootCaName = "ROOTCA";

    /// <summary>
    /// Name of Envoy's validator that checks a peer against the bundle of the peer's own trust domain only.
    /// </summary>
    private const string SpiffeValidator = "envoy.tls.cert_validator.spiffe";

    /// <summary>
    /// The roots of this mesh and of the federated ones, each bound to its trust domain; null until the mesh's
    /// authority has published its own.
    /// </summary>
    /// <remarks>
    /// Source: SPIFFE Trust Domain and Bundle, section 4. <c>trusted_ca</c> holds this mesh's roots only, so that a
    /// client that does not know the validator fails closed for foreign domains. What a linked mesh has revoked stands beside its
    /// roots, for our own sidecars: one that does not know that passes it over, and stock Envoys have their roots from files.
    /// </remarks>
    public static EncodedResource? RootCa(MeshSnapshot snapshot)
    {
        if (snapshot.LocalBundle is not { } local) return null;
        var validator = new SPIFFECertValidatorConfig();
        foreach (var bundle in snapshot.Bundles.Values)
        {
            validator.TrustDomains.Add(new SPIFFECertValidatorConfig.Types.TrustDomain
            {
                Name = bundle.TrustDomain.Name,
                TrustBundle = Pem(bundle.IsLocal ? bundle.RootsPem : [.. bundle.RootsPem, .. bundle.CrlsPem]),
            });
        }

        var context = new CertificateValidationContext
        {
            TrustedCa = Pem(local.RootsPem),
            CustomValidatorConfig = new TypedExtensionConfig
            {
                Name = SpiffeValidator,
                TypedConfig = Any.Pack(validator),
            },
        };
        if (!local.CrlsPem.IsEmpty)
        {
            context.Crl = Pem(local.CrlsPem);

            // Without it Envoy refuses whatever leads to an authority that has no list, such as a root.
            context.OnlyVerifyLeafCertCrl = true;
        }

        return EncodedResource.Of(RootCaName, new Secret { Name = RootCaName, ValidationContext = context });
    }

    /// <summary>The proxy's own certificate chain, leaf first.</summary>
    public static EncodedResource Certificate(ImmutableArray<string> chainPem) =>
        EncodedResource.Of(CertificateName, new Secret
        {
            Name = CertificateName,
            TlsCertificate = new TlsCertificate { CertificateChain = Pem(chainPem) },
        });

    private static DataSource Pem(ImmutableArray<string> certificates) =>
        new() { InlineString = string.Concat(certificates.Select(pem => pem.EndsWith('\n') ? pem : pem + "\n")) };
}
