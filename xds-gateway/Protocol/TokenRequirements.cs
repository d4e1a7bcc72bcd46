using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Protocol;

/// <summary>
/// The one thing that this mesh demands of tokens: whoever sends one must send a good one, and nobody must send any.
/// </summary>
/// <remarks>
/// As Istio writes it: one provider that holds is enough, for they look in the same places; when none does, no provider
/// may find a token that it does not accept.
/// </remarks>
public static class TokenRequirements
{
    /// <summary>The name under which filters leave what they found out about a request.</summary>
    public const string MetadataFilter = "envoy.filters.http.jwt_authn";

    /// <summary>The key of the claims in what the filter leaves (<c>payload_in_metadata</c>).</summary>
    public const string PayloadKey = "payload";

    /// <summary>The rule for some providers, for all requests.</summary>
    /// <param name="providers">Their names, at least one; the first that holds counts.</param>
    public static RequirementRule For(IReadOnlyList<string> providers) => new()
    {
        Match = new RouteMatch { Prefix = "/" },
        Requires = providers is [var only]
            ? OrMissing(only)
            : new JwtRequirement
            {
                RequiresAny = new JwtRequirementOrList
                {
                    Requirements =
                    {
                        providers.Select(name => new JwtRequirement { ProviderName = name }),
                        new JwtRequirement
                        {
                            RequiresAll = new JwtRequirementAndList { Requirements = { providers.Select(OrMissing) } },
                        },
                    },
                },
            },
    };

    /// <summary>The names of the providers of such a rule; empty when it is another one.</summary>
    public static IReadOnlyList<string> ProvidersOf(RequirementRule rule)
    {
        var names = (rule.Requires?.RequiresAny?.Requirements ?? [])
            .Where(part => part.RequiresTypeCase is JwtRequirement.RequiresTypeOneofCase.ProviderName)
            .Select(part => part.ProviderName)
            .ToList();
        return names.Count > 0 && For(names).Equals(rule) ? names : [];
    }

    private static JwtRequirement OrMissing(string provider) => new()
    {
        RequiresAny = new JwtRequirementOrList
        {
            Requirements =
            {
                new JwtRequirement { ProviderName = provider },
                new JwtRequirement { AllowMissing = new Empty() },
            },
        },
    };
}
