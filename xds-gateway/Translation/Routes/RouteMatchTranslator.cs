using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Policies;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Makes the run-time conditions of a route.</summary>
internal static class RouteMatchTranslator
{
    public static RouteMatch Translate(HttpMatch? source)
    {
        if (source is null) return new RouteMatch { Prefix = "/" };
        var match = new RouteMatch();
        SetPath(match, source);
        if (source.Method is { } method) match.Headers.Add(Header(":method", method));
        if (source.Authority is { } authority) match.Headers.Add(Header(":authority", authority));
        if (source.Scheme is { } scheme) match.Headers.Add(Header(":scheme", scheme));
        foreach (var (name, value) in source.Headers)
        {
            if (ClaimPath.OfHeader(name) is { } path) match.DynamicMetadata.Add(Claim(path, value));
            else match.Headers.Add(Header(name, value));
        }

        foreach (var (name, value) in source.WithoutHeaders)
        {
            if (ClaimPath.OfHeader(name) is { } path) match.DynamicMetadata.Add(Claim(path, value, invert: true));
            else match.Headers.Add(Without(name, value));
        }

        foreach (var (name, value) in source.QueryParams) match.QueryParameters.Add(Query(name, value));
        return match;
    }

    /// <summary>True when no request can get past the route.</summary>
    public static bool TakesEverything(RouteMatch match) =>
        match.Headers.Count == 0
        && match.QueryParameters.Count == 0
        && match.DynamicMetadata.Count == 0
        && match.PathSpecifierCase switch
        {
            RouteMatch.PathSpecifierOneofCase.Prefix => match.Prefix == "/",
            RouteMatch.PathSpecifierOneofCase.SafeRegex => match.SafeRegex.Regex is ".*" or "/.*",
            _ => false,
        };

    /// <summary>
    /// A text condition; presence is the caller's to handle. Envoy takes no empty prefix and no empty expression.
    /// </summary>
    public static StringMatcher Text(StringMatch source) => source.Kind switch
    {
        StringMatchKind.Exact => new StringMatcher { Exact = source.Value },
        StringMatchKind.Prefix when source.Value.Length == 0 =>
            new StringMatcher { SafeRegex = new RegexMatcher { Regex = ".*" } },
        StringMatchKind.Prefix => new StringMatcher { Prefix = source.Value },
        _ when source.Value.Length == 0 => new StringMatcher { Exact = "" },
        _ => new StringMatcher { SafeRegex = new RegexMatcher { Regex = source.Value } },
    };

    private static void SetPath(RouteMatch match, HttpMatch source)
    {
        switch (source.Uri)
        {
            case { Kind: StringMatchKind.Exact } uri:
                match.Path = uri.Value;
                break;
            case { Kind: StringMatchKind.Regex, Value.Length: > 0 } uri:
                match.SafeRegex = new RegexMatcher { Regex = uri.Value };
                return; // case is the expression's own matter
            case { Kind: StringMatchKind.PathPrefix } uri when uri.Value.TrimEnd('/') is { Length: > 0 } segments:
                match.PathSeparatedPrefix = segments;
                break;
            case { Kind: StringMatchKind.Prefix, Value.Length: > 0 } uri:
                match.Prefix = uri.Value;
                break;
            default:
                match.Prefix = "/";
                return;
        }

        if (source.IgnoreUriCase) match.CaseSensitive = false;
    }

    private static MetadataMatcher Claim(IReadOnlyList<string> path, StringMatch value, bool invert = false)
    {
        var matcher = TokenPrincipals.Matcher(path, IsPresence(value) ? PatternText.Regex(".+") : Text(value));
        matcher.Invert = invert;
        return matcher;
    }

    private static HeaderMatcher Header(string name, StringMatch value)
    {
        var matcher = new HeaderMatcher { Name = name.ToLowerInvariant() };
        if (IsPresence(value)) matcher.PresentMatch = true;
        else matcher.StringMatch = Text(value);
        return matcher;
    }

    /// <summary>A missing header counts as empty, so that "not this value" holds without the header too.</summary>
    private static HeaderMatcher Without(string name, StringMatch value)
    {
        var matcher = Header(name, value);
        matcher.InvertMatch = true;
        matcher.TreatMissingHeaderAsEmpty = !IsPresence(value);
        return matcher;
    }

    private static QueryParameterMatcher Query(string name, StringMatch value)
    {
        var matcher = new QueryParameterMatcher { Name = name };
        if (IsPresence(value)) matcher.PresentMatch = true;
        else matcher.StringMatch = Text(value);
        return matcher;
    }

    /// <summary>Istio reads the expression <c>*</c>, which RE2 would refuse, as presence.</summary>
    private static bool IsPresence(StringMatch value) =>
        value is { Kind: StringMatchKind.Presence } or { Kind: StringMatchKind.Regex, Value: "*" };
}
