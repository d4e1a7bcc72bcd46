using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Rbac;

namespace MeshOrleans.Xds.Translation;

/// <summary>Asks what token verification has found out. Without a verified token nothing is found.</summary>
internal static class TokenMetadata
{
    private const string Filter = "istio_authn";

    /// <summary>A text, e.g. <c>request.auth.principal</c>.</summary>
    public static Principal Text(string key, string pattern) =>
        Of([key], new ValueMatcher { StringMatch = PatternText.Matcher(pattern) });

    /// <summary>A list that must hold the value, e.g. a claim.</summary>
    public static Principal OneOf(IEnumerable<string> path, string pattern) => Of(path, new ValueMatcher
    {
        ListMatch = new() { OneOf = new ValueMatcher { StringMatch = PatternText.Matcher(pattern) } },
    });

    private static Principal Of(IEnumerable<string> path, ValueMatcher value)
    {
        var matcher = new MetadataMatcher { Filter = Filter, Value = value };
        matcher.Path.AddRange(path.Select(key => new MetadataMatcher.Types.PathSegment { Key = key }));
        return new Principal { Metadata = matcher };
    }
}
