using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes the filter that verifies the tokens of a workload's requests, in front of access control.</summary>
/// <remarks>
/// All RequestAuthentications that select the workload are united: those of its namespace and those of the root
/// namespace; their rules are ordered by issuer, as in Istio. Keys are in the rule, or have been fetched by the control
/// plane; in all they are bounded. A rule without keys stays, with an empty set: its tokens are refused, and never
/// checked with any other key.
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
        var policies = Policies(view).ToList();
        if (policies.Count == 0) return null;
        var excess = KeyBudget.Excess(policies.Select(p => (p.Resource, p.Spec)), view.Mesh.KeySets);
        var rules = policies.OrderBy(p => p.Resource.Key)
            .SelectMany(p => p.Spec.JwtRules.Select(
                (rule, i) => (Rule: rule, HasKeys: !excess.Contains((p.Resource.Key, i)))))
            .OrderBy(r => r.Rule.Issuer, StringComparer.Ordinal) // stable
            .ToList();
        if (rules.Count == 0) return null;
        var filter = new JwtAuthentication { BypassCorsPreflight = true };
        foreach (var (i, rule) in rules.Index())
        {
            var keys = rule.HasKeys ? KeyBudget.KeysOf(rule.Rule, view.Mesh.KeySets) : null;
            filter.Providers[Name(i)] = Provider(rule.Rule, keys ?? NoKeys, isRouted);
        }

        filter.Rules.Add(TokenRequirements.For([.. rules.Index().Select(rule => Name(rule.Index))]));
        return HttpConnection.Filter(FilterNames.Jwt, filter);
    }

    private static string Name(int index) => $"origins-{index}";

    private static IEnumerable<Sourced<RequestAuthentication>> Policies(ProxyView view) =>
        new[] { view.Mesh.Settings.RootNamespace, view.Scope.Namespace }.Distinct()
            .SelectMany(ns => view.Mesh.RequestAuthentications[ns])
            .Where(p => PolicyReach.ExclusionOf(
                p.Spec.Selector, p.Spec.TargetRefs, p.Namespace, view.Scope.Namespace, view.Scope.Labels) is null);

    private static JwtProvider Provider(JwtRule rule, string keys, bool isRouted) => new()
    {
        Issuer = rule.Issuer,
        Audiences = { rule.Audiences },
        LocalJwks = new() { InlineString = keys },
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
