using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Puts into words why a policy tree does not hold. Whether it does, <see cref="RuleEvaluator"/> says.</summary>
internal static class RuleText
{
    private const string NoRequest = "asks something of a request, and this is a connection that none can be read of";

    /// <summary>The first part that keeps a tree from holding; null when it holds.</summary>
    public static string? FindMismatch<TView>(RequestRule rule, in TView view, Quantifier quantifier, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        if (RuleEvaluator.Holds(rule, in view, quantifier, isHttp)) return null;
        return rule switch
        {
            RequestRule.And and => First(and.Rules, in view, quantifier, isHttp),
            RequestRule.Or or => Every(or.Rules, in view, quantifier, isHttp),
            RequestRule.Not not => $"must not be: {Wanted(not.Rule)}",
            RequestRule.Header or RequestRule.UrlPath or RequestRule.UrlTemplate or RequestRule.TokenClaim when !isHttp => NoRequest,
            _ => $"{Wanted(rule)}, got {MatchText.Value(Got(rule, in view))}",
        };
    }

    private static string First<TView>(
        ImmutableArray<RequestRule> rules, in TView view, Quantifier quantifier, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        foreach (var rule in rules)
        {
            if (FindMismatch(rule, in view, quantifier, isHttp) is { } mismatch) return mismatch;
        }

        throw new InvalidOperationException("All parts hold, so the whole does.");
    }

    private static string Every<TView>(
        ImmutableArray<RequestRule> rules, in TView view, Quantifier quantifier, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        var parts = new List<string>();
        foreach (var rule in rules) parts.Add(FindMismatch(rule, in view, quantifier, isHttp)!);
        return parts.Count == 0 ? "nothing can match it" : string.Join("; ", parts.Distinct(StringComparer.Ordinal));
    }

    private static string Wanted(RequestRule rule) => rule switch
    {
        RequestRule.And and => Join(and.Rules, " and "),
        RequestRule.Or or => Join(or.Rules, " or "),
        RequestRule.Not not => $"not ({Wanted(not.Rule)})",
        RequestRule.Header { Matcher: var matcher } =>
            $"{(matcher.Name == ":method" ? "method" : $"header {matcher.Name}")}: wanted {MatchText.Of(matcher)}",
        RequestRule.UrlPath path => $"path: wanted {MatchText.Of(path.Matcher)}",
        RequestRule.UrlTemplate template => $"path: wanted template {MatchText.Value(template.Template.Text)}",
        RequestRule.DestinationAddress address => $"destination address: wanted {address.Network}",
        RequestRule.DestinationPorts { First: var first, Last: var last } =>
            $"destination port: wanted {(first == last ? $"{first}" : $"{first} to {last}")}",
        RequestRule.ServerName name => $"server name: wanted {MatchText.Of(name.Matcher)}",
        RequestRule.Authenticated { Id: { } id } => $"caller's identity: wanted {MatchText.Of(id)}",
        RequestRule.Authenticated => "caller's identity: wanted any",
        RequestRule.TokenClaim claim =>
            $"claim {string.Join('.', claim.Path)} of the token: wanted {MatchText.Of(claim.Matcher)}",
        RequestRule.SourceAddress address => $"caller's address: wanted {address.Network}",
        RequestRule.RemoteAddress address => $"original client's address: wanted {address.Network}",
        _ => "anything",
    };

    private static string Join(ImmutableArray<RequestRule> rules, string word) =>
        rules.IsEmpty ? "nothing" : string.Join(word, rules.Select(Wanted));

    private static string? Got<TView>(RequestRule rule, in TView view)
        where TView : struct, IRequestView, allows ref struct => rule switch
        {
            RequestRule.Header header => header.Matcher.ValueIn(in view),
            RequestRule.UrlPath or RequestRule.UrlTemplate => view.Path,
            RequestRule.DestinationAddress => view.DestinationAddress?.ToString(),
            RequestRule.DestinationPorts => $"{view.DestinationPort}",
            RequestRule.ServerName => view.ServerName.Length > 0 ? view.ServerName : null,
            RequestRule.Authenticated => view.PeerId.Length > 0 ? view.PeerId : null,
            RequestRule.SourceAddress => view.SourceAddress?.ToString(),
            RequestRule.RemoteAddress => view.RemoteAddress?.ToString(),
            RequestRule.TokenClaim claim => view.Token?.HeaderValue(string.Join('.', claim.Path)),
            _ => null,
        };
}
