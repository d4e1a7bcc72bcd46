using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Rbac;

namespace MeshOrleans.Xds.Translation;

/// <summary>Makes the further conditions of a rule (<c>when</c>); all of them must hold.</summary>
/// <remarks>
/// An attribute that nobody knows is never matched by an ALLOW rule, and is left out of any other: both refuse more
/// rather than less.
/// </remarks>
internal sealed class ConditionTranslator(RuleContext context)
{
    private const string Header = "request.headers[";
    private const string Claim = "request.auth.claims[";

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
        "request.auth.principal" => PrincipalTranslator.RequestPrincipal,
        "request.auth.audiences" => v => [TokenMetadata.OneOf(["request.auth.audiences"], v)],
        "request.auth.presenter" => v => [TokenMetadata.Text("request.auth.presenter", v)],
        _ when Inside(key, Header) is [var name] =>
            v => [new Principal { Header = PermissionTranslator.HeaderMatcher(name.ToLowerInvariant(), v, ignoreCase: false) }],
        _ when Inside(key, Claim) is { Length: > 0 } path => v => [TokenMetadata.OneOf(["request.auth.claims", .. path], v)],
        _ => null,
    };

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

    /// <summary>The names in <c>start[a][b]</c>; empty when the key is none of that kind.</summary>
    private static string[] Inside(string key, string start) =>
        key.StartsWith(start, StringComparison.Ordinal) && key.EndsWith(']')
            ? key[start.Length..^1].Split("][")
            : [];

    private void AddPrincipal(AuthorizationCondition condition, Func<string, IEnumerable<Principal>>? translate)
    {
        if (translate is not null) PrincipalTranslator.Add(principals, condition.Values, condition.NotValues, translate);
        else if (context.IsAllow) principals.Add(Rbac.Any((IReadOnlyList<Principal>)[]));
    }

    private void AddPermission(AuthorizationCondition condition, Func<string, IEnumerable<Permission>> translate) =>
        PermissionTranslator.Add(permissions, condition.Values, condition.NotValues, translate);
}
