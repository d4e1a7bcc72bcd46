using System.Collections.Frozen;
using System.Collections.Immutable;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>How a cluster's connections are secured.</summary>
public enum UpstreamTlsMode
{
    /// <summary>Plaintext.</summary>
    Off,

    /// <summary>Mesh mTLS to endpoints that have a sidecar, plaintext to the others.</summary>
    AutoPerEndpoint,

    /// <summary>Mesh mTLS to all.</summary>
    Mesh,

    /// <summary>Ordinary TLS, with a client certificate where a file of one is named.</summary>
    Simple,
}

/// <summary>The TLS settings of a cluster.</summary>
public sealed record UpstreamTlsModel
{
    /// <summary>Plaintext.</summary>
    public static UpstreamTlsModel Off { get; } = new();

    /// <summary>The mode.</summary>
    public UpstreamTlsMode Mode { get; init; }

    /// <summary>The server name to send; empty for none (mesh) or the request's host (simple).</summary>
    public string Sni { get; init; } = "";

    /// <summary>Mesh: the SPIFFE URIs that the server may prove. None given means none is accepted.</summary>
    public FrozenSet<string> AllowedSpiffeIds { get; init; } = [];

    /// <summary>Mesh: the server may prove any identity that the roots bear out, as nobody can know who is dialled.</summary>
    public bool AllowsAnySpiffeId { get; init; }

    /// <summary>Simple: the DNS names that the certificate may carry; the server name when empty.</summary>
    public ImmutableArray<string> AllowedDnsNames { get; init; } = [];

    /// <summary>Simple: the URIs that the certificate may carry instead.</summary>
    public ImmutableArray<string> AllowedUris { get; init; } = [];

    /// <summary>Simple: the file of the certificate to show, followed by its chain; empty to show none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Simple: the file of its private key.</summary>
    public string PrivateKeyFile { get; init; } = "";

    /// <summary>Simple: the file of the roots; empty when there is none.</summary>
    public string RootsFile { get; init; } = "";

    /// <summary>Simple: the credential of this machine to show, in place of files; empty for none.</summary>
    public string Credential { get; init; } = "";

    /// <summary>Simple: the credential whose roots are believed, in place of a file; empty for none.</summary>
    public string RootsCredential { get; init; } = "";

    /// <summary>Simple: the file of the certificates that are no longer good; empty when there is none.</summary>
    public string RevokedFile { get; init; } = "";

    /// <summary>Simple: PEM roots; the system's own when empty.</summary>
    public ImmutableArray<string> RootsPem { get; init; } = [];

    /// <summary>Simple: accept any certificate. Only where the operator asked for it by name.</summary>
    public bool SkipVerification { get; init; }

    /// <summary>Mesh: whether the server may be that one.</summary>
    public bool Allows(string spiffeId) => AllowsAnySpiffeId || AllowedSpiffeIds.Contains(spiffeId);

    /// <summary>By content: an equal model built anew must not cost the connections made under the old one.</summary>
    public bool Equals(UpstreamTlsModel? other) =>
        other is not null
        && Mode == other.Mode
        && Sni == other.Sni
        && SkipVerification == other.SkipVerification
        && AllowsAnySpiffeId == other.AllowsAnySpiffeId
        && AllowedSpiffeIds.SetEquals(other.AllowedSpiffeIds)
        && AllowedDnsNames.SequenceEqual(other.AllowedDnsNames)
        && AllowedUris.SequenceEqual(other.AllowedUris)
        && (CertificateFile, PrivateKeyFile, RootsFile)
            == (other.CertificateFile, other.PrivateKeyFile, other.RootsFile)
        && (Credential, RootsCredential, RevokedFile)
            == (other.Credential, other.RootsCredential, other.RevokedFile)
        && RootsPem.SequenceEqual(other.RootsPem);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mode, Sni, AllowedSpiffeIds.Count, RootsPem.Length);
}
