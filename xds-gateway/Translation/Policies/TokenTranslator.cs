using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes the filter that verifies the tokens of a workload's requests, in front of access control.</summary>
/// <remarks>
/// All RequestAuthentications that select the workload are united: those of its namespace and those of the root
/// namespace; their rules are ordered by issuer, as in Istio. Keys are in the rule, or have been fetched by the control
/// plane. A rule without keys stays, with an empty set: its tokens are refused, and never checked with any other key.
/// </remarks>
internal static class TokenTranslator
{
    private const string NoKeys = """{"keys":[]}""";

    // What Istio reads as lists by itself.
    private static readonly string[] SpaceDelimited = ["scope", "permission"];

    /// <summary>The filter; null when there is no rule.</summary>
    /// <param name="view">The proxy's view of the mesh.</param>
    /// <param name="isRouted">Whether routes ask for claims: an Envoy then chooses the route anew.</param>
    public static HttpFilter? Filter(ProxyView view, bool isRouted = false)
    {
        var rules = Rules(view).ToList();
        if (rules.Count == 0) return null;
        var filter = new JwtAuthentication { BypassCorsPreflight = true };
        foreach (var (i, rule) in rules.Index()) filter.Providers[Name(i)] = Provider(view, rule, isRouted);
        filter.Rules.Add(TokenRequirements.For([.. rules.Index().Select(rule => Name(rule.Index))]));
        return HttpConnection.Filter(FilterNames.Jwt, filter);
    }

    private static string Name(int index) => $"origins-{index}";

    private static IEnumerable<JwtRule> Rules(ProxyView view) =>
        new[] { view.Mesh.Settings.RootNamespace, view.Scope.Namespace }.Distinct()
            .SelectMany(ns => view.Mesh.RequestAuthentications[ns])
            .Where(p => p.Spec.TargetRefs.IsDefaultOrEmpty)
            .Where(p => p.Spec.Selector is not { } wanted
                || LabelSelector.Matches(wanted.MatchLabels, view.Scope.Labels))
            .OrderBy(p => p.Resource.Key)
            .SelectMany(p => p.Spec.JwtRules)
            .OrderBy(rule => rule.Issuer, StringComparer.Ordinal); // stable

    private static string KeysOf(ProxyView view, JwtRule rule) =>
        rule.Jwks.Length > 0 ? rule.Jwks
        : KeySource.AddressOf(rule) is { } address ? view.Mesh.KeySets.GetValueOrDefault(address, NoKeys)
        : NoKeys;

    private static JwtProvider Provider(ProxyView view, JwtRule rule, bool isRouted) => new()
    {
        Issuer = rule.Issuer,
        Audiences = { rule.Audiences },
        LocalJwks = new() { InlineString = KeysOf(view, rule) },
        Forward = rule.ForwardOriginalToken,
        FromHeaders = { rule.FromHeaders.Select(h => new Protocol.Jwt.JwtHeader { Name = h.Name, ValuePrefix = h.Prefix }) },
        FromParams = { rule.FromParams },
        FromCookies = { rule.FromCookies },
        ForwardPayloadHeader = rule.OutputPayloadToHeader,
        PayloadInMetadata = TokenRequirements.PayloadKey,
        ClaimToHeaders =
        {
            rule.OutputClaimToHeaders.Select(c => new JwtClaimToHeader { HeaderName = c.Header, ClaimName = c.Claim }),
        },
        ClearRouteCache = isRouted,
        NormalizePayloadInMetadata = new()
        {
            SpaceDelimitedClaims = { SpaceDelimited.Concat(rule.SpaceDelimitedClaims).Distinct() },
        },
    };
}
