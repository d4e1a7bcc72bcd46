using System.Collections.Immutable;
using System.Net;

namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// Evaluates policy trees. A type switch, as a virtual method that is generic over the view would be slow.
/// </summary>
internal static class RuleEvaluator
{
    public static bool Holds<TView>(RequestRule rule, in TView view, Quantifier quantifier, bool isHttp)
        where TView : struct, IRequestView, allows ref struct => rule switch
        {
            RequestRule.And and => HoldsEach(and.Rules, in view, quantifier, isHttp),
            RequestRule.Or or => HoldsOne(or.Rules, in view, quantifier, isHttp),
            // Negation turns the careful reading round: denied unless the value is good means unless all are.
            RequestRule.Not not => !Holds(not.Rule, in view, Opposite(quantifier), isHttp),
            RequestRule.Always => true,
            // Where there is no request, what is asked of one is taken to hold if that denies, and not to if that
            // allows.
            RequestRule.Header or RequestRule.UrlPath or RequestRule.UrlTemplate or RequestRule.TokenClaim when !isHttp =>
                quantifier is Quantifier.Any,
            RequestRule.Header header => header.Matcher.Matches(in view, quantifier),
            RequestRule.UrlPath path => path.Matcher.Matches(view.Path),
            RequestRule.UrlTemplate template => template.Template.Matches(view.Path),
            RequestRule.DestinationAddress destination => Contains(destination.Network, view.DestinationAddress),
            RequestRule.DestinationPorts ports =>
                view.DestinationPort >= ports.First && view.DestinationPort <= ports.Last,
            RequestRule.ServerName name => name.Matcher.Matches(view.ServerName),
            RequestRule.Authenticated peer =>
                view.PeerId.Length > 0 && (peer.Id is null || peer.Id.Matches(view.PeerId)),
            RequestRule.TokenClaim claim => view.Token is { } token && token.Holds(claim.Path, claim.Matcher),
            RequestRule.SourceAddress source => Contains(source.Network, view.SourceAddress),
            RequestRule.RemoteAddress remote => Contains(remote.Network, view.RemoteAddress),
            _ => throw new InvalidOperationException($"{rule.GetType().Name} is not part of the closed set."),
        };

    private static bool HoldsEach<TView>(
        ImmutableArray<RequestRule> rules, in TView view, Quantifier quantifier, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        foreach (var rule in rules)
        {
            if (!Holds(rule, in view, quantifier, isHttp)) return false;
        }

        return true;
    }

    private static bool HoldsOne<TView>(
        ImmutableArray<RequestRule> rules, in TView view, Quantifier quantifier, bool isHttp)
        where TView : struct, IRequestView, allows ref struct
    {
        foreach (var rule in rules)
        {
            if (Holds(rule, in view, quantifier, isHttp)) return true;
        }

        return false;
    }

    private static Quantifier Opposite(Quantifier quantifier) =>
        quantifier is Quantifier.Any ? Quantifier.All : Quantifier.Any;

    private static bool Contains(IPNetwork network, IPAddress? address)
    {
        if (address is null) return false;
        return network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }
}
