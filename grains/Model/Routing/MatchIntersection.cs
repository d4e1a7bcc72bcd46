using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Routing;

/// <summary>What both a root's conditions and those of its delegate take.</summary>
/// <remarks>
/// Each condition of the delegate must lie within one of the root's, property by property. A prefix lies within a
/// shorter prefix of it, an exact text within an equal one or within its prefix. Nothing lies within an expression, and
/// an expression within nothing: two languages are not compared here. Source: Istio, mergeHTTPMatchRequests.
/// </remarks>
public static class MatchIntersection
{
    /// <summary>The conditions of the joined route.</summary>
    /// <returns>Null when a condition of the delegate lies within none of the root's.</returns>
    public static ImmutableArray<HttpMatch>? Of(ImmutableArray<HttpMatch> root, ImmutableArray<HttpMatch> leaf)
    {
        if (root.IsEmpty) return leaf;
        if (leaf.IsEmpty) return root;
        var joined = ImmutableArray.CreateBuilder<HttpMatch>(leaf.Length);
        foreach (var inner in leaf)
        {
            var before = joined.Count;
            joined.AddRange(root.Where(outer => Contains(outer, inner)).Select(outer => Join(outer, inner)));
            if (joined.Count == before) return null;
        }

        return joined.ToImmutable();
    }

    private static HttpMatch Join(HttpMatch root, HttpMatch leaf) => leaf with
    {
        Name = JoinNames(root.Name, leaf.Name),
        Uri = leaf.Uri ?? root.Uri,
        Scheme = leaf.Scheme ?? root.Scheme,
        Method = leaf.Method ?? root.Method,
        Authority = leaf.Authority ?? root.Authority,
        Headers = root.Headers.SetItems(leaf.Headers),
        WithoutHeaders = root.WithoutHeaders.SetItems(leaf.WithoutHeaders),
        QueryParams = root.QueryParams.SetItems(leaf.QueryParams),
        Port = leaf.Port ?? root.Port,
        SourceLabels = root.SourceLabels.SetItems(leaf.SourceLabels),
        SourceNamespace = leaf.SourceNamespace.Length > 0 ? leaf.SourceNamespace : root.SourceNamespace,
        Gateways = leaf.Gateways.IsEmpty ? root.Gateways : leaf.Gateways,
        StatPrefix = leaf.StatPrefix.Length > 0 ? leaf.StatPrefix : root.StatPrefix,
    };

    internal static string JoinNames(string root, string leaf) =>
        leaf.Length == 0 ? root : root.Length == 0 ? leaf : $"{root}-{leaf}";

    private static bool Contains(HttpMatch root, HttpMatch leaf) =>
        Contains(root.Uri, leaf.Uri)
        && Contains(root.Scheme, leaf.Scheme)
        && Contains(root.Method, leaf.Method)
        && Contains(root.Authority, leaf.Authority)
        && Contains(root.Headers, leaf.Headers)
        && Contains(root.WithoutHeaders, leaf.WithoutHeaders)
        && Contains(root.QueryParams, leaf.QueryParams)
        && root.IgnoreUriCase == leaf.IgnoreUriCase
        && (root.Port is null || leaf.Port is null || root.Port == leaf.Port)
        && IsSame(root.SourceNamespace, leaf.SourceNamespace)
        && leaf.SourceLabels.All(l => !root.SourceLabels.TryGetValue(l.Key, out var value) || value == l.Value)
        && (root.Gateways.IsEmpty || leaf.Gateways.All(root.Gateways.Contains));

    private static bool IsSame(string root, string leaf) => root.Length == 0 || leaf.Length == 0 || root == leaf;

    private static bool Contains(
        ImmutableSortedDictionary<string, StringMatch> root, ImmutableSortedDictionary<string, StringMatch> leaf) =>
        leaf.All(entry => Contains(root.GetValueOrDefault(entry.Key), entry.Value));

    private static bool Contains(StringMatch? root, StringMatch? leaf) => (root, leaf) switch
    {
        (null, _) or (_, null) => true,
        ({ Kind: StringMatchKind.Exact }, { Kind: StringMatchKind.Exact }) => root.Value == leaf.Value,
        ({ Kind: StringMatchKind.Prefix }, { Kind: StringMatchKind.Exact or StringMatchKind.Prefix }) =>
            leaf.Value.StartsWith(root.Value, StringComparison.Ordinal),
        _ => false,
    };
}
