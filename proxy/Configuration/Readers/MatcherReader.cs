using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Comparisons of texts, headers and query parameters.</summary>
internal static class MatcherReader
{
    public static StringMatcher Text(Proto.Matcher.StringMatcher matcher, FieldPath at) =>
        matcher.MatchPatternCase switch
    {
        Proto.Matcher.StringMatcher.MatchPatternOneofCase.Exact =>
            StringMatcher.Exact(matcher.Exact, matcher.IgnoreCase),
        Proto.Matcher.StringMatcher.MatchPatternOneofCase.Prefix =>
            StringMatcher.Prefix(matcher.Prefix, matcher.IgnoreCase),
        Proto.Matcher.StringMatcher.MatchPatternOneofCase.Suffix =>
            StringMatcher.Suffix(matcher.Suffix, matcher.IgnoreCase),
        Proto.Matcher.StringMatcher.MatchPatternOneofCase.Contains =>
            StringMatcher.Contains(matcher.Contains, matcher.IgnoreCase),
        Proto.Matcher.StringMatcher.MatchPatternOneofCase.SafeRegex => Regex(matcher.SafeRegex, at.At("safe_regex")),
        _ => throw new UnusableResourceException(at, "has no match_pattern"),
    };

    public static HeaderMatcher Header(Proto.Route.HeaderMatcher matcher, FieldPath at)
    {
        if (matcher.Name.Length == 0) throw new UnusableResourceException(at.At("name"), "is required");
        if (matcher.HeaderMatchSpecifierCase is Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.None)
        {
            return HeaderMatcher.OfPresence(matcher.Name, invert: matcher.InvertMatch);
        }

        if (matcher.HasPresentMatch)
        {
            return HeaderMatcher.OfPresence(matcher.Name, matcher.PresentMatch, matcher.InvertMatch);
        }

        var value = matcher.HeaderMatchSpecifierCase switch
        {
            Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.ExactMatch =>
                StringMatcher.Exact(matcher.ExactMatch),
            Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.PrefixMatch =>
                StringMatcher.Prefix(matcher.PrefixMatch),
            Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.SuffixMatch =>
                StringMatcher.Suffix(matcher.SuffixMatch),
            Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.ContainsMatch =>
                StringMatcher.Contains(matcher.ContainsMatch),
            Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.SafeRegexMatch =>
                Regex(matcher.SafeRegexMatch, at.At("safe_regex_match")),
            Proto.Route.HeaderMatcher.HeaderMatchSpecifierOneofCase.StringMatch =>
                Text(matcher.StringMatch, at.At("string_match")),
            var other => throw new UnusableResourceException(at, $"{other} is not supported"),
        };
        return HeaderMatcher.Of(matcher.Name, value, matcher.InvertMatch, matcher.TreatMissingHeaderAsEmpty);
    }

    public static QueryParameterMatcher Query(Proto.Route.QueryParameterMatcher matcher, FieldPath at) =>
        matcher.QueryParameterMatchSpecifierCase switch
        {
            Proto.Route.QueryParameterMatcher.QueryParameterMatchSpecifierOneofCase.StringMatch =>
                new QueryParameterMatcher(matcher.Name, Text(matcher.StringMatch, at.At("string_match"))),
            Proto.Route.QueryParameterMatcher.QueryParameterMatchSpecifierOneofCase.PresentMatch when !matcher.PresentMatch =>
                throw new UnusableResourceException(at.At("present_match"), "false is not supported"),
            _ => new QueryParameterMatcher(matcher.Name, Value: null),
        };

    private static StringMatcher Regex(Proto.Matcher.RegexMatcher matcher, FieldPath at) =>
        CoreReader.Build(at, () => StringMatcher.Regex(matcher.Regex));
}
