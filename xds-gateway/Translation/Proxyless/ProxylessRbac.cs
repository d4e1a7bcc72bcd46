using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Policies;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>Brings access control into the form that gRPC enforces (gRFC A41).</summary>
/// <remarks>
/// Each filter has a name of its own; rules on trial and audits are left out, as nobody would count them. A condition
/// that gRPC cannot check (a path template, a header that it reserves, a token) counts as unmet where that lets less through and
/// as met where that refuses more.
/// </remarks>
internal static class ProxylessRbac
{
    public static IEnumerable<HttpFilter> Adapt(IEnumerable<HttpFilter> filters)
    {
        foreach (var (i, filter) in filters.Index())
        {
            var rules = filter.TypedConfig.Unpack<HttpRbac.RBAC>().Rules;
            if (rules is null or { Action: RBAC.Types.Action.Log }) continue;
            yield return HttpConnection.Filter(
                $"{FilterNames.Rbac}.{i}", new HttpRbac.RBAC { Rules = Adapt(rules) });
        }
    }

    private static RBAC Adapt(RBAC source)
    {
        var unknown = source.Action is RBAC.Types.Action.Deny;
        var rules = new RBAC { Action = source.Action };
        foreach (var (name, policy) in source.Policies)
        {
            rules.Policies[name] = new Policy
            {
                Permissions = { policy.Permissions.Select(p => Adapt(p, unknown)) },
                Principals = { policy.Principals.Select(p => Adapt(p, unknown)) },
            };
        }

        return rules;
    }

    /// <param name="source">A condition on the call.</param>
    /// <param name="unknown">
    /// What a condition counts as that gRPC cannot check; under a NOT it is the other way round.
    /// </param>
    private static Permission Adapt(Permission source, bool unknown) => source.RuleCase switch
    {
        Permission.RuleOneofCase.AndRules => Rbac.All([.. source.AndRules.Rules.Select(r => Adapt(r, unknown))]),
        Permission.RuleOneofCase.OrRules => Rbac.Any([.. source.OrRules.Rules.Select(r => Adapt(r, unknown))]),
        Permission.RuleOneofCase.NotRule => Rbac.Not(Adapt(source.NotRule, !unknown)),
        Permission.RuleOneofCase.Header when IsChecked(source.Header.Name) =>
            new Permission { Header = ProxylessMatch.Adapt(source.Header) },
        Permission.RuleOneofCase.Header or Permission.RuleOneofCase.UriTemplate =>
            unknown ? Rbac.All((IReadOnlyList<Permission>)[]) : Rbac.Any((IReadOnlyList<Permission>)[]),
        _ => source,
    };

    private static Principal Adapt(Principal source, bool unknown) => source.IdentifierCase switch
    {
        Principal.IdentifierOneofCase.AndIds => Rbac.All([.. source.AndIds.Ids.Select(p => Adapt(p, unknown))]),
        Principal.IdentifierOneofCase.OrIds => Rbac.Any([.. source.OrIds.Ids.Select(p => Adapt(p, unknown))]),
        Principal.IdentifierOneofCase.NotId => Rbac.Not(Adapt(source.NotId, !unknown)),
        Principal.IdentifierOneofCase.Header when IsChecked(source.Header.Name) =>
            new Principal { Header = ProxylessMatch.Adapt(source.Header) },
        Principal.IdentifierOneofCase.Header or Principal.IdentifierOneofCase.Metadata =>
            unknown ? Rbac.All((IReadOnlyList<Principal>)[]) : Rbac.Any((IReadOnlyList<Principal>)[]),
        _ => source,
    };

    private static bool IsChecked(string header) =>
        header != ":scheme" && !header.StartsWith("grpc-", StringComparison.Ordinal);
}
