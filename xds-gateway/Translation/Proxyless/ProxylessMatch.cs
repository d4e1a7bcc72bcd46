using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>Brings the conditions of a route into the forms that every gRPC knows.</summary>
/// <remarks>
/// Conditions on headers are written in Envoy's older form, as a C-core of 2022 refuses <c>string_match</c>. A missing
/// header never matches in gRPC, not even "not this value": such a route is written twice, once for the header missing.
/// </remarks>
internal static class ProxylessMatch
{
    private const int MaxSplits = 4;

    /// <summary>
    /// One or more matches of which any will do; none where a query is asked for, which no gRPC call has.
    /// </summary>
    public static IEnumerable<RouteMatch> Adapt(RouteMatch source)
    {
        if (source.QueryParameters.Count > 0) return [];
        var plain = new RouteMatch { CaseSensitive = source.CaseSensitive };
        switch (source.PathSpecifierCase)
        {
            case RouteMatch.PathSpecifierOneofCase.Path:
                plain.Path = source.Path;
                break;
            case RouteMatch.PathSpecifierOneofCase.SafeRegex:
                plain.SafeRegex = source.SafeRegex;
                break;
            case RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix: // gRPC knows prefixes of the text only
                plain.SafeRegex = new RegexMatcher { Regex = RegexText.Quote(source.PathSeparatedPrefix) + "(/.*)?" };
                break;
            default:
                plain.Prefix = source.Prefix;
                break;
        }

        List<RouteMatch> matches = [plain];
        foreach (var header in source.Headers) matches = With(matches, header);
        return matches;
    }

    /// <summary>A condition on a header without <c>string_match</c>.</summary>
    public static HeaderMatcher Adapt(HeaderMatcher source)
    {
        var header = new HeaderMatcher { Name = source.Name, InvertMatch = source.InvertMatch };
        switch (source.StringMatch)
        {
            case null:
                header = source.Clone();
                header.TreatMissingHeaderAsEmpty = false;
                break;
            case { IgnoreCase: true } text:
                header.SafeRegexMatch = new RegexMatcher { Regex = "(?i)" + Expression(text) };
                break;
            case { MatchPatternCase: StringMatcher.MatchPatternOneofCase.Exact } text:
                header.ExactMatch = text.Exact;
                break;
            case { MatchPatternCase: StringMatcher.MatchPatternOneofCase.Prefix, Prefix.Length: > 0 } text:
                header.PrefixMatch = text.Prefix;
                break;
            case { MatchPatternCase: StringMatcher.MatchPatternOneofCase.Suffix, Suffix.Length: > 0 } text:
                header.SuffixMatch = text.Suffix;
                break;
            case { MatchPatternCase: StringMatcher.MatchPatternOneofCase.SafeRegex } text:
                header.SafeRegexMatch = text.SafeRegex;
                break;
            default:
                header.PresentMatch = true; // whatever it begins or ends with
                break;
        }

        return header;
    }

    private static List<RouteMatch> With(List<RouteMatch> matches, HeaderMatcher header)
    {
        var isSplit = header is { InvertMatch: true, TreatMissingHeaderAsEmpty: true }
            && matches.Count < 1 << MaxSplits;
        var missing = new HeaderMatcher { Name = header.Name, PresentMatch = true, InvertMatch = true };
        List<RouteMatch> next = isSplit ? [.. matches.Select(match => And(match, missing))] : [];
        next.AddRange(matches.Select(match => And(match, Adapt(header))));
        return next;
    }

    private static RouteMatch And(RouteMatch match, HeaderMatcher header)
    {
        var next = match.Clone();
        next.Headers.Add(header);
        return next;
    }

    private static string Expression(StringMatcher text) => text.MatchPatternCase switch
    {
        StringMatcher.MatchPatternOneofCase.Prefix => RegexText.Quote(text.Prefix) + ".*",
        StringMatcher.MatchPatternOneofCase.Suffix => ".*" + RegexText.Quote(text.Suffix),
        StringMatcher.MatchPatternOneofCase.SafeRegex => text.SafeRegex.Regex,
        _ => RegexText.Quote(text.Exact),
    };
}
