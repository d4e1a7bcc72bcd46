using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Rbac;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes the further conditions of a rule (<c>when</c>); all of them must hold.</summary>
/// <remarks>
/// An attribute that nobody knows is never matched by an ALLOW rule, and is left out of any other: both refuse more
/// rather than less.
/// </remarks>
internal sealed class ConditionTranslator(RuleContext context)
{
    private const string HeaderStart = "request.headers[";

    private readonly List<Principal> principals = [];
    private readonly List<Permission> permissions = [];

    public IReadOnlyList<Principal> Principals => principals;

    public IReadOnlyList<Permission> Permissions => permissions;

    /// <summary>True when a condition was on the request and not on the connection.</summary>
    public bool AsksRequest { get; private set; }

    public void Add(AuthorizationCondition condition)
    {
        if (condition.Key.StartsWith("request.", StringComparison.Ordinal))
        {
            AsksRequest = true;
            if (!context.IsTcp) AddPrincipal(condition, OfRequest(condition.Key));
            return;
        }

        switch (condition.Key)
        {
            case "destination.ip":
                AddPermission(condition, PermissionTranslator.Address);
                break;
            case "destination.port":
                AddPermission(condition, PermissionTranslator.Port);
                break;
            case "connection.sni":
                AddPermission(condition, PermissionTranslator.ServerName);
                break;
            default:
                AddPrincipal(condition, OfSource(condition.Key));
                break;
        }
    }

    private static Func<string, IEnumerable<Principal>>? OfRequest(string key) => key switch
    {
        "request.auth.principal" => TokenPrincipals.Of,
        "request.auth.audiences" => value => [TokenPrincipals.Claim(["aud"], value)],
        "request.auth.presenter" => value => [TokenPrincipals.Claim(["azp"], value)],
        _ when ClaimPath.OfCondition(key) is { } path => value => [TokenPrincipals.Claim(path, value)],
        _ when HeaderIn(key) is { } name => value => [Header(name, value)],
        _ => null,
    };

    private static Principal Header(string name, string pattern) =>
        new() { Header = PermissionTranslator.HeaderMatcher(name, pattern, ignoreCase: false) };

    private Func<string, IEnumerable<Principal>>? OfSource(string key) => key switch
    {
        "source.ip" => PrincipalTranslator.DirectAddress,
        "remote.ip" => PrincipalTranslator.RemoteAddress,
        "source.namespace" => PrincipalTranslator.Namespace,
        "source.principal" => v => PrincipalTranslator.Identity(v, context),
        "source.serviceAccount" => v => PrincipalTranslator.ServiceAccount(v, context),
        "source.trustDomain" => PrincipalTranslator.TrustDomain,
        _ => null,
    };

    /// <summary>The name in <c>request.headers[name]</c>; null when the key is none of that kind.</summary>
    private static string? HeaderIn(string key) =>
        key.Length > HeaderStart.Length + 1
        && key.StartsWith(HeaderStart, StringComparison.Ordinal)
        && key.EndsWith(']')
            ? key[HeaderStart.Length..^1].ToLowerInvariant()
            : null;

    private void AddPrincipal(AuthorizationCondition condition, Func<string, IEnumerable<Principal>>? translate)
    {
        if (translate is not null)
        {
            PrincipalTranslator.Add(principals, condition.Values, condition.NotValues, translate);
        }
        else if (context.IsAllow)
        {
            principals.Add(Rbac.Any((IReadOnlyList<Principal>)[]));
        }
    }

    private void AddPermission(AuthorizationCondition condition, Func<string, IEnumerable<Permission>> translate) =>
        PermissionTranslator.Add(permissions, condition.Values, condition.NotValues, translate);
}
