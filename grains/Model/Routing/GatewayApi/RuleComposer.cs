using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>
/// Writes the rules of a route of the Gateway API as entries of a VirtualService, one for each condition, with full
/// names: what evaluates those evaluates these.
/// </summary>
/// <remarks>
/// A backend that does not exist keeps its share, which is answered with 500; a rule that leads nowhere at all answers
/// 500 by itself. Of calls it is 503, which becomes UNAVAILABLE. Source: Gateway API, HTTPRouteRule.backendRefs and
/// GRPCRouteRule.backendRefs.
/// </remarks>
/// <param name="places">The services and grants.</param>
/// <param name="isGranted">Whether services of other namespaces may be named without a grant.</param>
internal sealed class RuleComposer(AttachmentPlaces places, bool isGranted)
{
    /// <summary>The rows of a route, in the order written.</summary>
    /// <param name="source">The resource.</param>
    /// <param name="route">What it says.</param>
    /// <param name="port">The port to which it is attached; null for all.</param>
    public IEnumerable<RouteRow> Rows(ConfigResource source, RequestRoute route, int? port)
    {
        foreach (var (r, rule) in route.Rules.Index())
        {
            var entry = Entry(source.Key, rule, r);
            foreach (var (m, match) in (rule.Matches.IsEmpty ? [null] : rule.Matches.Cast<RequestMatch?>()).Index())
            {
                var condition = match ?? RequestMatch.Everything;
                var row = entry with
                {
                    Match = [MatchOf(condition) with { Port = port }],
                    Origin = new RouteOrigin(source.Key, r, match is null ? null : m),
                };
                yield return new RouteRow(source, condition, PathFilters.Apply(row, rule.Filters, condition.Path));
            }
        }
    }

    private HttpRoute Entry(ConfigKey key, RequestRule rule, int index)
    {
        var entry = new HttpRoute
        {
            Name = $"{key.Namespace}.{key.Name}.{(rule.Name.Length > 0 ? rule.Name : $"{index}")}",
            Timeout = rule.RequestTimeout,
            TryTimeout = rule.BackendTimeout,
            Retries = rule.Retry is { } retry && rule.BackendTimeout is { } perTry
                ? retry with { PerTryTimeout = perTry }
                : rule.Retry,
            Headers = HeadersOf(rule.Filters),
            CorsPolicy = rule.Filters.OfType<RequestFilter.Cors>().FirstOrDefault()?.Policy,
            Mirrors = [.. rule.Filters.OfType<RequestFilter.Mirror>().SelectMany(m => MirrorOf(m, key))],
        };
        return rule.Filters.Any(f => f is RequestFilter.Redirect) ? entry : WithDestinations(entry, rule, key);
    }

    private HttpRoute WithDestinations(HttpRoute entry, RequestRule rule, ConfigKey route)
    {
        ImmutableArray<HttpRouteDestination> destinations =
        [
            .. rule.Backends.Where(backend => backend.Weight > 0).Select(backend => new HttpRouteDestination(
                BackendResolver.Find(backend, route, places, isGranted).Destination, backend.Weight, HeadersOf(backend.Filters))),
        ];
        return destinations.All(d => d.Destination == Destination.Unresolved)
            ? entry with { DirectResponse = new HttpDirectResponse(new RouteOrigin(route, 0, null).MissingStatus, []) }
            : entry with { Route = destinations };
    }

    private IEnumerable<HttpMirror> MirrorOf(RequestFilter.Mirror mirror, ConfigKey route)
    {
        if (mirror.Backend is not { } backend) yield break;
        var found = BackendResolver.Find(backend, route, places, isGranted);
        if (found.IsResolved) yield return new HttpMirror(found.Destination, mirror.Percent);
    }

    private static HttpMatch MatchOf(RequestMatch match) => new()
    {
        Uri = match.Path,
        Method = match.Method.Length > 0 ? StringMatch.Exact(match.Method) : null,
        Headers = Conditions(match.Headers, name => name.ToLowerInvariant()),
        QueryParams = Conditions(match.QueryParams, name => name),
    };

    private static ImmutableSortedDictionary<string, StringMatch> Conditions(
        ImmutableArray<NamedMatch> conditions, Func<string, string> nameOf)
    {
        var result = EmptyMap.Of<StringMatch>().ToBuilder();
        foreach (var (name, value) in conditions) result.TryAdd(nameOf(name), value);
        return result.ToImmutable();
    }

    private static HeaderOperations HeadersOf(ImmutableArray<RequestFilter> filters) => new(
        Plain(filters.OfType<RequestFilter.RequestHeaders>().FirstOrDefault()?.Changes),
        Plain(filters.OfType<RequestFilter.ResponseHeaders>().FirstOrDefault()?.Changes));

    /// <summary>The Gateway API knows no formatters: a percent sign is one.</summary>
    private static HeaderChanges Plain(HeaderChanges? changes) => changes is null ? HeaderChanges.None : changes with
    {
        Set = Plain(changes.Set),
        Add = Plain(changes.Add),
    };

    private static ImmutableSortedDictionary<string, string> Plain(ImmutableSortedDictionary<string, string> values) =>
        values.ToImmutableSortedDictionary(
            pair => pair.Key, pair => pair.Value.Replace("%", "%%", StringComparison.Ordinal), StringComparer.Ordinal);
}
