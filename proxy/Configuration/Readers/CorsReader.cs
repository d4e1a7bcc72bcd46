using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Cors;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Cross-origin rules.</summary>
internal static class CorsReader
{
    public static CorsModel Read(CorsPolicy policy, FieldPath at) => new()
    {
        Origins = [.. policy.AllowOriginStringMatch.Select(
            (m, i) => MatcherReader.Text(m, at.At("allow_origin_string_match").At(i)))],
        AllowMethods = CoreReader.HeaderValue(policy.AllowMethods, at.At("allow_methods")),
        AllowHeaders = CoreReader.HeaderValue(policy.AllowHeaders, at.At("allow_headers")),
        ExposeHeaders = CoreReader.HeaderValue(policy.ExposeHeaders, at.At("expose_headers")),
        MaxAge = CoreReader.HeaderValue(policy.MaxAge, at.At("max_age")),
        AllowCredentials = policy.AllowCredentials ?? false,
        ForwardsUnmatchedPreflights = policy.ForwardNotMatchingPreflights ?? true,
        Share = policy.FilterEnabled is { } share ? CoreReader.Share(share.DefaultValue) : Fraction.All,
    };
}
