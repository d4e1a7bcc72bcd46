using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>A secret that SDS delivered. A closed set.</summary>
internal abstract record SecretContent
{
    private SecretContent()
    {
    }

    public sealed record Certificate(string ChainPem) : SecretContent;

    public sealed record Roots(Trust Trust) : SecretContent;
}

/// <summary><c>Secret</c> to a certificate chain or to trust bundles.</summary>
internal static class SecretReader
{
    public static SecretContent Read(Secret secret, TrustDomain own, FieldPath at) => secret.TypeCase switch
    {
        Secret.TypeOneofCase.TlsCertificate => Certificate(secret.TlsCertificate, at.At("tls_certificate")),
        Secret.TypeOneofCase.ValidationContext => Roots(secret.ValidationContext, own, at.At("validation_context")),
        var other => throw new UnusableResourceException(at, $"type {other} is not supported"),
    };

    private static SecretContent.Certificate Certificate(TlsCertificate certificate, FieldPath at)
    {
        // A key that travelled is no secret any more; this sidecar made its own.
        if (certificate.PrivateKey is not null)
        {
            throw new UnusableResourceException(
                at.At("private_key"), "must not be sent: the key is made in the sidecar");
        }

        return new SecretContent.Certificate(Pem(certificate.CertificateChain, at.At("certificate_chain")));
    }

    private static SecretContent.Roots Roots(CertificateValidationContext context, TrustDomain own, FieldPath at)
    {
        var bundles = ImmutableArray.CreateBuilder<TrustBundle>();
        if (context.CustomValidatorConfig is { } custom)
        {
            var here = at.At("custom_validator_config").At("typed_config");
            if (custom.TypedConfig is not { } any) throw new UnusableResourceException(here, "is required");
            foreach (var (i, domain) in CoreReader.Unpack<SPIFFECertValidatorConfig>(any, here).TrustDomains.Index())
            {
                var entry = here.At("trust_domains").At(i);
                if (!TrustDomain.TryParse(domain.Name, out var name))
                {
                    throw new UnusableResourceException(entry.At("name"), $"'{domain.Name}' is not a trust domain");
                }

                bundles.Add(Bundle(name, Pem(domain.TrustBundle, entry.At("trust_bundle")), own, entry.At("trust_bundle")));
            }
        }
        else
        {
            bundles.Add(
                new TrustBundle(own, [Pem(context.TrustedCa, at.At("trusted_ca"))], Sequence: 0, IsLocal: true));
        }

        if (context.Crl is { } crl) AddRevoked(Pem(crl, at.At("crl")), own, bundles, at.At("crl"));
        return Trust.TryCreate(own, bundles.ToImmutable(), out var trust) is { } problem
            ? throw new UnusableResourceException(at, problem)
            : new SecretContent.Roots(trust!);
    }

    // a linked mesh's lists stand beside its roots
    private static TrustBundle Bundle(TrustDomain name, string pem, TrustDomain own, FieldPath at)
    {
        var (certificates, lists) = (new StringBuilder(), new StringBuilder());
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var into = rest[fields.Label] is RevocationList.PemLabel ? lists : certificates;
            into.Append(rest[fields.Location]).Append('\n');
            rest = rest[fields.Location.End..];
        }

        if (lists.Length == 0) return new TrustBundle(name, [pem], Sequence: 0, name == own);
        var told = lists.ToString();
        return RevocationListReader.TryReadPem(told, RevocationListReader.MaxTold, out _, out var problem)
            ? new TrustBundle(name, [certificates.ToString()], Sequence: 0, name == own) { CrlsPem = [told] }
            : throw new UnusableResourceException(at, problem);
    }

    // what is in force stays, as with roots that cannot be read
    private static void AddRevoked(
        string pem, TrustDomain own, ImmutableArray<TrustBundle>.Builder bundles, FieldPath at)
    {
        if (!RevocationListReader.TryReadPem(pem, RevocationListReader.MaxTold, out _, out var problem))
        {
            throw new UnusableResourceException(at, problem);
        }

        for (var i = 0; i < bundles.Count; i++)
        {
            if (bundles[i].TrustDomain == own) bundles[i] = bundles[i] with { CrlsPem = [pem] };
        }
    }

    private static string Pem(MeshOrleans.Xds.Protocol.Core.DataSource? source, FieldPath at) =>
        Encoding.ASCII.GetString(CoreReader.Inline(source, at));
}
