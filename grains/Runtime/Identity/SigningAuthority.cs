using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>The authority with its keys loaded: a template, a signature, and a check of its own work.</summary>
internal sealed class SigningAuthority : IDisposable
{
    private const int MaxNames = 32;

    private static readonly OidCollection _purposes =
        [new Oid("1.3.6.1.5.5.7.3.1", "serverAuth"), new Oid("1.3.6.1.5.5.7.3.2", "clientAuth")];

    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _signer;
    private readonly ECDsa _key;
    private readonly TrustDomain _domain;
    private readonly MeshOptions _mesh;
    private readonly AuthorityOptions _options;

    /// <exception cref="CryptographicException">A key does not belong to its certificate.</exception>
    public SigningAuthority(AuthorityMaterial material, MeshOptions mesh, AuthorityOptions options)
    {
        (_mesh, _options, _domain) = (mesh, options, TrustDomain.Parse(mesh.TrustDomain));
        _root = X509Certificate2.CreateFromPem(material.RootCertificate);
        _signer = X509Certificate2.CreateFromPem(material.SigningCertificate, material.SigningKey);
        _key = _signer.GetECDsaPrivateKey() ?? throw new CryptographicException("The signing key is no EC key.");
    }

    /// <summary>The root certificate, PEM.</summary>
    public string RootPem => _root.ExportCertificatePem();

    /// <summary>
    /// True when less than a third of the signing certificate's time is left and a new one would last longer.
    /// </summary>
    public bool NeedsNewSigner(DateTimeOffset now) =>
        _root.NotAfter > _signer.NotAfter && _signer.NotAfter - now < (_signer.NotAfter - _signer.NotBefore) / 3;

    /// <summary>Signs, verifies, and only then answers.</summary>
    public SignResult Sign(SignRequest request, DateTimeOffset now)
    {
        if (!SpiffeId.TryParse(request.SpiffeId, out var id) || id.TrustDomain != _domain || id.Path.Length == 0)
        {
            return new SignResult.Refused($"'{request.SpiffeId}' is no identity of trust domain {_domain}.");
        }

        if (!CsrReader.TryRead(request.Csr.AsSpan(), out var key, out var reason))
        {
            return new SignResult.Refused(reason);
        }

        if (request.Lifetime <= TimeSpan.Zero) return new SignResult.Refused("The lifetime asked for is not positive.");
        if (!TryReadNames(id, request.DnsNames, out var names, out reason)) return new SignResult.Refused(reason);
        using var leaf = Issue(names, key, request.Lifetime ?? _options.DefaultLifetime, now);
        return SvidVerifier.FindFault(leaf, _signer, _root, id, key, now) is { } fault
            ? new SignResult.Refused($"The authority discarded its own certificate: {fault}.")
            : new SignResult.Signed(
                [leaf.ExportCertificatePem(), _signer.ExportCertificatePem()],
                leaf.SerialNumber,
                _signer.Subject,
                leaf.NotBefore.ToUniversalTime(),
                leaf.NotAfter.ToUniversalTime());
    }

    public void Dispose()
    {
        _key.Dispose();
        _signer.Dispose();
        _root.Dispose();
    }

    private X509Certificate2 Issue(SubjectAlternativeNames names, PublicKey key, TimeSpan lifetime, DateTimeOffset now)
    {
        if (lifetime > _options.MaxLifetime) lifetime = _options.MaxLifetime;
        var backdate = lifetime / 10 < _options.Backdate ? lifetime / 10 : _options.Backdate;
        var template = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        var extensions = template.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension(_purposes, critical: false));
        extensions.Add(names.ToExtension(critical: true)); // RFC 5280: critical where the subject is empty
        extensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_signer, true, false));
        return template.Create(
            _signer.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_key),
            AuthorityCertificates.Later(now - backdate, _signer.NotBefore),
            AuthorityCertificates.Earlier(now + lifetime, _signer.NotAfter),
            AuthorityCertificates.NewSerial());
    }

    /// <summary>DNS names and addresses are for the control plane's own serving certificate alone.</summary>
    private bool TryReadNames(
        SpiffeId id, ImmutableArray<string> wanted, out SubjectAlternativeNames names, out string reason)
    {
        names = SubjectAlternativeNames.Of(id.ToString());
        reason = "";
        if (wanted.IsDefaultOrEmpty) return true;
        if (id.Namespace != _mesh.RootNamespace) reason = "Only the control plane's own certificate carries DNS names.";
        else if (wanted.Length > MaxNames) reason = $"More than {MaxNames} DNS names were asked for.";
        else if (wanted.FirstOrDefault(name => !IPAddress.TryParse(name, out _) && !IsHost(name)) is { } bad)
        {
            reason = $"'{bad}' is neither a DNS name nor an IP address.";
        }

        if (reason.Length > 0) return false;
        names = names with
        {
            DnsNames = [.. wanted.Where(name => !IPAddress.TryParse(name, out _))],
            Addresses = [.. wanted.Where(name => IPAddress.TryParse(name, out _)).Select(IPAddress.Parse)],
        };
        return true;
    }

    private static bool IsHost(string name) =>
        Workloads.Names.IsDnsSubdomain(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name);
}
