using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>The authority with its keys loaded: a template, a signature, and a check of its own work.</summary>
internal sealed class SigningAuthority : IDisposable
{
    /// <summary>How far a reserved time of issue may be from the clock, either way.</summary>
    public static readonly TimeSpan IssueTimeTolerance = TimeSpan.FromMinutes(15);

    private const int MaxNames = 32;
    private const int SerialLength = 16;

    private static readonly OidCollection _purposes =
        [new Oid("1.3.6.1.5.5.7.3.1", "serverAuth"), new Oid("1.3.6.1.5.5.7.3.2", "clientAuth")];

    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _signer;
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly DateTimeOffset _begins; // of the chain
    private readonly DateTimeOffset _ends; // of the chain: a certificate that outlives it is good for nobody
    private readonly IssuerKey _key;
    private readonly string[] _chain;
    private readonly string _link;
    private readonly string _fingerprint;
    private readonly TrustDomain _domain;
    private readonly MeshOptions _mesh;
    private readonly AuthorityOptions _options;

    /// <param name="material">The certificates and keys.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="options">How long certificates live.</param>
    /// <param name="showsLink">
    /// Whether the link to the root before goes into every chain, for peers that do not have this root yet. It is always in
    /// those of the control plane.
    /// </param>
    /// <exception cref="CryptographicException">A key does not belong to its certificate.</exception>
    public SigningAuthority(
        AuthorityMaterial material, MeshOptions mesh, AuthorityOptions options, bool showsLink = false)
    {
        (_mesh, _options, _domain) = (mesh, options, TrustDomain.Parse(mesh.TrustDomain));
        (_link, ShowsLink) = (material.Link, showsLink);
        _fingerprint = material.Fingerprint;
        _root = X509Certificate2.CreateFromPem(material.RootCertificate);
        _signer = X509Certificate2.CreateFromPem(material.SigningCertificate);
        _key = IssuerKey.Of(material.SigningCertificate, material.SigningKey);
        if (material.Intermediates.Length > 0) _intermediates.ImportFromPem(material.Intermediates);
        _chain = [_signer.ExportCertificatePem(), .. _intermediates.Select(c => c.ExportCertificatePem())];
        _ends = _intermediates.Append(_root).Append(_signer).Min(c => c.NotAfter);
        _begins = _intermediates.Append(_root).Append(_signer).Max(c => c.NotBefore);
        CanRenew = material.RootKey.Length > 0;
    }

    /// <summary>Whether every chain has the link to the root before.</summary>
    public bool ShowsLink { get; }

    /// <summary>Whether a new signing certificate can be made here.</summary>
    public bool CanRenew { get; }

    /// <summary>The root certificate, PEM.</summary>
    public string RootPem => _root.ExportCertificatePem();

    /// <summary>
    /// True when less than a third of the signing certificate's time is left and a new one would last longer; or when its time
    /// is yet to begin: the clock was ahead when it was made.
    /// </summary>
    public bool NeedsNewSigner(DateTimeOffset now) =>
        CanRenew && _root.NotBefore <= now && now < _root.NotAfter
        && (_signer.NotBefore > now
            || (_root.NotAfter > _signer.NotAfter && _signer.NotAfter - now < (_signer.NotAfter - _signer.NotBefore) / 3));

    /// <summary>Why a request would not be signed; null when it would.</summary>
    public string? WhyNot(SignRequest request, DateTimeOffset now) =>
        TryRead(request, now, out _, out var reason) ? null : reason;

    /// <summary>The lifetime that a certificate gets.</summary>
    public TimeSpan LifetimeOf(SignRequest request)
    {
        var lifetime = request.Lifetime ?? _options.DefaultLifetime;
        return lifetime < _options.MaxLifetime ? lifetime : _options.MaxLifetime;
    }

    /// <summary>Signs, verifies, and only then answers.</summary>
    public SignResult Sign(SignRequest request, DateTimeOffset now)
    {
        if (!TryRead(request, now, out var subject, out var reason)) return new SignResult.Refused(reason);
        var issuedAt = request.Reservation?.IssuedAt ?? now;
        if (WhyNotAt(issuedAt, now) is { } ended) return new SignResult.Refused(ended);
        var (id, key, names) = subject;
        using var leaf = Issue(
            names,
            key,
            LifetimeOf(request),
            issuedAt,
            request.Reservation?.Serial.ToArray() ?? AuthorityCertificates.NewSerial());
        return SvidVerifier.FindFault(leaf, [_signer, .. _intermediates], _root, id, key, now) is { } fault
            ? new SignResult.Refused($"The authority discarded its own certificate: {fault}.")
            : new SignResult.Signed(
                [leaf.ExportCertificatePem(), .. _chain, .. LinkFor(request)],
                leaf.SerialNumber,
                _signer.Subject,
                leaf.NotBefore.ToUniversalTime(),
                leaf.NotAfter.ToUniversalTime(),
                _fingerprint);
    }

    public void Dispose()
    {
        _key.Dispose();
        _signer.Dispose();
        foreach (var certificate in _intermediates) certificate.Dispose();
        _root.Dispose();
    }

    private string[] LinkFor(SignRequest request) =>
        _link.Length > 0 && (ShowsLink || !request.DnsNames.IsDefaultOrEmpty) ? [_link] : [];

    private bool TryRead(
        SignRequest request,
        DateTimeOffset now,
        [NotNullWhen(true)] out Subject? subject,
        [NotNullWhen(false)] out string? reason)
    {
        subject = null;
        if (!SpiffeId.TryParse(request.SpiffeId, out var id) || id.TrustDomain != _domain || id.Path.Length == 0)
        {
            reason = $"'{request.SpiffeId}' is no identity of trust domain {_domain}.";
            return false;
        }

        if (!CsrReader.TryRead(request.Csr.AsSpan(), out var key, out reason)) return false;
        if (!TryReadNames(id, request.DnsNames, out var names, out reason)) return false;
        reason = request.Lifetime <= TimeSpan.Zero
            ? "The lifetime asked for is not positive."
            : WhyNot(request.Reservation, now);
        subject = reason is null ? new Subject(id, key, names) : null;
        return subject is not null;
    }

    private string? WhyNotAt(DateTimeOffset issuedAt, DateTimeOffset now) =>
        AuthorityCertificates.Later(issuedAt, now) >= _ends
            ? $"The authority has ended at {_ends.ToUniversalTime():u}: nobody gets a certificate until its signing certificate is "
                + "renewed or another authority signs."
        : now < _begins
            ? $"The authority begins at {_begins.ToUniversalTime():u}: check this machine's clock."
        : null;

    private static string? WhyNot(SerialReservation? reservation, DateTimeOffset now) =>
        reservation is null ? null
        : reservation.Serial.AsSpan() is not ([>= 0x01 and <= 0x7F, ..] and { Length: SerialLength })
            ? $"The reserved serial must be {SerialLength} bytes, the first of them 01 to 7F."
        : (reservation.IssuedAt - now).Duration() > IssueTimeTolerance
            ? $"The reserved time of issue, {reservation.IssuedAt:u}, is more than {IssueTimeTolerance.TotalMinutes} "
                + "minutes from the authority's clock."
        : null;

    private X509Certificate2 Issue(
        SubjectAlternativeNames names, PublicKey key, TimeSpan lifetime, DateTimeOffset issuedAt, byte[] serial)
    {
        var backdate = lifetime / 10 < _options.Backdate ? lifetime / 10 : _options.Backdate;
        var template = new CertificateRequest(new X500DistinguishedName(""), key, _key.Hash);
        var extensions = template.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension(_purposes, critical: false));
        extensions.Add(names.ToExtension(critical: true)); // RFC 5280: critical where the subject is empty
        extensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        if (_signer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
        {
            // one that is plugged in may have none to point to
            extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_signer, true, false));
        }

        return template.Create(
            _signer.SubjectName,
            _key.Generator,
            AuthorityCertificates.Later(issuedAt - backdate, _signer.NotBefore),
            AuthorityCertificates.Earlier(issuedAt + lifetime, _ends),
            serial);
    }

    /// <summary>DNS names and addresses are for the control plane's own serving certificate alone.</summary>
    private bool TryReadNames(
        SpiffeId id,
        ImmutableArray<string> wanted,
        out SubjectAlternativeNames names,
        [NotNullWhen(false)] out string? reason)
    {
        names = SubjectAlternativeNames.Of(id.ToString());
        reason = null;
        if (wanted.IsDefaultOrEmpty)
        {
            // its own certificate always has the names under which it is called
            if (ControlPlaneIdentity.Is(id)) reason = $"{id} is the control plane itself: no workload gets a certificate of it.";
            return reason is null;
        }

        if (id.Namespace != _mesh.RootNamespace) reason = "Only the control plane's own certificate carries DNS names.";
        else if (wanted.Length > MaxNames) reason = $"More than {MaxNames} DNS names were asked for.";
        else if (wanted.FirstOrDefault(name => !IPAddress.TryParse(name, out _) && !IsHost(name)) is { } bad)
        {
            reason = $"'{bad}' is neither a DNS name nor an IP address.";
        }

        if (reason is not null) return false;
        names = names with
        {
            DnsNames = [.. wanted.Where(name => !IPAddress.TryParse(name, out _))],
            Addresses = [.. wanted.Where(name => IPAddress.TryParse(name, out _)).Select(IPAddress.Parse)],
        };
        return true;
    }

    private static bool IsHost(string name) =>
        ResourceName.IsDnsSubdomain(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name);

    private sealed record Subject(SpiffeId Id, PublicKey Key, SubjectAlternativeNames Names);
}
