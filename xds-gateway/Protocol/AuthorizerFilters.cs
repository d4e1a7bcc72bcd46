using MeshOrleans.Xds.Protocol.Matcher;

namespace MeshOrleans.Xds.Protocol;

/// <summary>How two filters say together what an external authorizer is asked about, as istiod writes it.</summary>
/// <remarks>
/// An RBAC filter tries rules out whose names begin with that of the provider, and leaves the name of the one that
/// matches; the authorization filter behind it asks where it finds such a name.
/// </remarks>
public static class AuthorizerFilters
{
    /// <summary>What stands before everything that the RBAC filter leaves.</summary>
    public const string StatPrefix = "istio_ext_authz_";

    private const string MetadataFilter = "envoy.filters.http.rbac";
    private const string MatchedRule = StatPrefix + "shadow_effective_policy_id";
    private const string NamePrefix = "istio-ext-authz-";

    /// <summary>What the name of every rule of a provider begins with.</summary>
    public static string PrefixOf(string provider) => NamePrefix + provider;

    /// <summary>The condition under which the provider is asked.</summary>
    public static MetadataMatcher Condition(string provider) => new()
    {
        Filter = MetadataFilter,
        Path = { new MetadataMatcher.Types.PathSegment { Key = MatchedRule } },
        Value = new ValueMatcher { StringMatch = new StringMatcher { Prefix = PrefixOf(provider) } },
    };

    /// <summary>The provider that a condition is about; null when it is none of this kind.</summary>
    public static string? ProviderOf(MetadataMatcher? condition) =>
        condition is
        {
            Filter: MetadataFilter,
            Invert: false,
            Path: [{ Key: MatchedRule }],
            Value.StringMatch: { IgnoreCase: false, Prefix: var prefix },
        }
        && prefix.StartsWith(NamePrefix, StringComparison.Ordinal)
            ? prefix[NamePrefix.Length..]
            : null;
}
