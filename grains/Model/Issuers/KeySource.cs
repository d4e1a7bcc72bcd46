using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Issuers;

/// <summary>A place from which the control plane fetches the keys of an issuer.</summary>
/// <remarks>
/// An address that ends in <c>/.well-known/openid-configuration</c> is that of a discovery document, which names the
/// address of the keys. Source: OpenID Connect Discovery 1.0 section 4.
/// </remarks>
/// <param name="Address">Where; at most <see cref="MaxLength"/> characters of ASCII.</param>
/// <param name="Timeout">How long one attempt may take, all of its requests together.</param>
public sealed record KeySource(string Address, TimeSpan Timeout)
{
    /// <summary>How many places are asked in one mesh; those of the oldest policies.</summary>
    /// <value>100.</value>
    public const int MaxCount = 100;

    /// <summary>How long an address may be.</summary>
    /// <value>1024 characters.</value>
    public const int MaxLength = 1024;

    private const string WellKnown = "/.well-known/openid-configuration";

    private static readonly TimeSpan _defaultTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _maxTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Where the keys of a rule are fetched; null when they are in the rule, or nowhere.</summary>
    public static string? AddressOf(JwtRule rule)
    {
        if (rule.Jwks.Length > 0) return null;
        var address = rule.JwksUri.Length > 0 ? rule.JwksUri : rule.Issuer.TrimEnd('/') + WellKnown;
        return TryParse(address, out _) ? address : null;
    }

    /// <summary>
    /// The issuer whose discovery document an address is, without a slash at its end; null for other addresses.
    /// </summary>
    public static string? IssuerOf(string address) =>
        address.EndsWith(WellKnown, StringComparison.Ordinal) ? address[..^WellKnown.Length] : null;

    /// <summary>Reads an address: http or https, with a host, without user name and fragment.</summary>
    public static bool TryParse(string address, [NotNullWhen(true)] out Uri? uri)
    {
        uri = null;
        if (address.Length > MaxLength || address.AsSpan().ContainsAnyExceptInRange('!', '~')) return false;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var parsed)) return false;
        if (parsed.Scheme is not ("http" or "https")) return false;
        if (parsed is not { UserInfo: "", Fragment: "", Host: not "" }) return false;
        uri = parsed;
        return true;
    }

    /// <summary>The places that the policies of a mesh want keys from, at most <see cref="MaxCount"/>.</summary>
    public static ImmutableArray<KeySource> WantedBy(MeshSnapshot mesh) => [.. NamedBy(mesh).Take(MaxCount)];

    /// <summary>All places that the policies of a mesh name, those of the oldest first.</summary>
    public static ImmutableArray<KeySource> NamedBy(MeshSnapshot mesh) =>
    [
        .. mesh.Of<RequestAuthentication>()
            .OrderBy(policy => policy.Resource, ConfigResource.ByAge)
            .SelectMany(policy => policy.Spec.JwtRules)
            .Select(rule => (Address: AddressOf(rule), Timeout: Bounded(rule.Timeout)))
            .Where(place => place.Address is not null)
            .GroupBy(place => place.Address!, StringComparer.Ordinal)
            .Select(group => new KeySource(group.Key, group.Max(place => place.Timeout))),
    ];

    private static TimeSpan Bounded(TimeSpan? wanted) =>
        wanted is not { } timeout ? _defaultTimeout : timeout < _maxTimeout ? timeout : _maxTimeout;
}
