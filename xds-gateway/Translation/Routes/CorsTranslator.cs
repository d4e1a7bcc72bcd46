using MeshOrleans.Model.Config;
using Cors = MeshOrleans.Xds.Protocol.Cors;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Makes the cross-origin rules of a route.</summary>
internal static class CorsTranslator
{
    public static Cors.CorsPolicy Translate(CorsPolicy source)
    {
        var policy = new Cors.CorsPolicy
        {
            AllowMethods = string.Join(',', source.AllowMethods),
            AllowHeaders = string.Join(',', source.AllowHeaders),
            ExposeHeaders = string.Join(',', source.ExposeHeaders),
            MaxAge = source.MaxAge is { } age ? $"{(long)age.TotalSeconds}" : "",
            AllowCredentials = source.AllowCredentials,
            FilterEnabled = new() { DefaultValue = Fractions.Of(100) },
            ForwardNotMatchingPreflights = source.UnmatchedPreflights is not UnmatchedPreflights.Ignore,
        };
        policy.AllowOriginStringMatch.AddRange(source.AllowOrigins.Select(RouteMatchTranslator.Text));
        return policy;
    }
}
