using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>When a route applies.</summary>
internal static class RouteMatchReader
{
    public static RouteMatchModel Read(Proto.Route.RouteMatch? match, FieldPath at)
    {
        if (match is null) throw new UnusableResourceException(at, "is required");
        return new RouteMatchModel
        {
            Path = Path(match, at),
            Headers = [.. match.Headers.Select((h, i) => MatcherReader.Header(h, at.At("headers").At(i)))],
            QueryParameters = [.. match.QueryParameters.Select(
                (q, i) => MatcherReader.Query(q, at.At("query_parameters").At(i)))],
            Claims = [.. match.DynamicMetadata.Select(
                (m, i) => TokenReader.Condition(m, at.At("dynamic_metadata").At(i)))],
            GrpcOnly = match.Grpc is not null,
            Share = match.RuntimeFraction is { } share ? CoreReader.Share(share.DefaultValue) : Fraction.All,
        };
    }

    private static PathMatcher Path(Proto.Route.RouteMatch match, FieldPath at)
    {
        var caseSensitive = match.CaseSensitive ?? true;
        return match.PathSpecifierCase switch
        {
            Proto.Route.RouteMatch.PathSpecifierOneofCase.Prefix =>
                new(PathMatchKind.Prefix, match.Prefix, caseSensitive),
            Proto.Route.RouteMatch.PathSpecifierOneofCase.Path => new(PathMatchKind.Exact, match.Path, caseSensitive),
            Proto.Route.RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix =>
                new(PathMatchKind.SegmentPrefix, match.PathSeparatedPrefix.TrimEnd('/'), caseSensitive),
            Proto.Route.RouteMatch.PathSpecifierOneofCase.SafeRegex =>
                CoreReader.Build(
                    at.At("safe_regex"), () => new PathMatcher(PathMatchKind.Regex, match.SafeRegex.Regex)),
            var other => throw new UnusableResourceException(at, $"path_specifier {other} is not supported"),
        };
    }
}
