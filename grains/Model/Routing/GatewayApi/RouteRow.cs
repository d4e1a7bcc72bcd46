using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>One condition of a rule of the Gateway API, with the entry that it becomes.</summary>
/// <param name="Source">The route that it stands in.</param>
/// <param name="Match">The condition.</param>
/// <param name="Entry">The entry.</param>
internal sealed record RouteRow(ConfigResource Source, RequestMatch Match, HttpRoute Entry)
{
    /// <summary>The most specific first; rows that are alike keep their order.</summary>
    /// <remarks>
    /// An exact path, then expressions, then prefixes, the longer first; then who asks for a method, for more headers,
    /// for more query parameters; then the older route, and within a route the earlier rule. Where expressions stand the
    /// API leaves open: behind <c>/</c>, which takes everything, they could never be reached. Source: Gateway API,
    /// HTTPRouteRule.matches. Of calls the longer service comes first, then the longer method (GRPCRouteRule.matches).
    /// </remarks>
    public static IEnumerable<RouteRow> InOrder(IEnumerable<RouteRow> rows) => rows
        .OrderBy(row => row.Match.Call is null ? RankOf(row.Match.Path.Kind) : 0)
        .ThenByDescending(row => row.Match.Call?.Service.Length ?? row.Match.Path.Value.TrimEnd('/').Length)
        .ThenByDescending(row => row.Match.Call?.Method.Length ?? (row.Match.Method.Length > 0 ? 1 : 0))
        .ThenByDescending(row => Count(row.Match.Headers, StringComparer.OrdinalIgnoreCase))
        .ThenByDescending(row => Count(row.Match.QueryParams, StringComparer.Ordinal))
        .ThenBy(row => row.Source, RouteAge.Order)
        .ThenBy(row => row.Entry.Origin!.Rule)
        .ThenBy(row => row.Entry.Origin!.Match);

    private static int RankOf(StringMatchKind kind) => kind switch
    {
        StringMatchKind.Exact => 0,
        StringMatchKind.Regex => 1,
        _ => 2,
    };

    private static int Count(IEnumerable<NamedMatch> conditions, StringComparer comparer) =>
        conditions.Select(condition => condition.Name).Distinct(comparer).Count();
}
