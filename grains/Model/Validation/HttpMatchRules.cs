using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of the conditions of an HTTP route.</summary>
internal static class HttpMatchRules
{
    private const string JwtClaims = "@request.auth.claims";

    public static void Check(ImmutableArray<HttpMatch> matches, bool reachesGateway, FieldPath path, RuleReport report)
    {
        foreach (var (i, match) in matches.Index()) Check(match, reachesGateway, path.At(i), report);
    }

    public static void CheckValue(StringMatch match, FieldPath path, bool mayBePresence, RuleReport report)
    {
        switch (match.Kind)
        {
            case StringMatchKind.Regex:
                ValueRules.CheckRegex(match.Value, path.At("regex"), report);
                break;
            case StringMatchKind.Prefix:
                report.ErrorIf(match.Value.Length == 0, path.At("prefix"), "prefix string match should not be empty");
                break;
            case StringMatchKind.Presence:
                report.ErrorIf(
                    !mayBePresence,
                    path,
                    "one of exact, prefix and regex is required: not a valid match type");
                break;
        }
    }

    private static void Check(HttpMatch match, bool reachesGateway, FieldPath path, RuleReport report)
    {
        foreach (var (name, value) in new[]
        {
            ("uri", match.Uri), ("scheme", match.Scheme), ("method", match.Method), ("authority", match.Authority),
        })
        {
            if (value is not null) CheckValue(value, path.At(name), false, report);
        }

        var reaches = match.Gateways.IsEmpty
            ? reachesGateway
            : match.Gateways.Any(gateway => gateway != VirtualService.MeshGateway);
        CheckHeaders(match.Headers, reaches, path.At("headers"), report);
        CheckHeaders(match.WithoutHeaders, reaches, path.At("withoutHeaders"), report);
        foreach (var (name, value) in match.QueryParams)
        {
            CheckValue(value, path.At("queryParams").At(name), true, report);
        }
        ValueRules.CheckPort(match.Port, path.At("port"), report);
        SelectorRules.CheckLabels(match.SourceLabels, path.At("sourceLabels"), report);
        VirtualServiceRules.CheckGateways(match.Gateways, path.At("gateways"), report);
    }

    private static void CheckHeaders(
        ImmutableSortedDictionary<string, StringMatch> headers,
        bool reachesGateway,
        FieldPath path,
        RuleReport report)
    {
        foreach (var (name, value) in headers)
        {
            var at = path.At(name);
            if (!name.StartsWith(JwtClaims, StringComparison.Ordinal)) HeaderRules.CheckMatchName(name, at, report);
            else if (!reachesGateway)
            {
                report.Error(
                    at,
                    $"JWT claim based routing (key: {name}) is only supported for gateway, found no gateways");
            }

            CheckValue(value, at, true, report);
        }
    }
}
