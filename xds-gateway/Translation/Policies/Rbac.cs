using MeshOrleans.Xds.Protocol.Rbac;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Joins principals and permissions. A set is never empty: an Envoy refuses that.</summary>
internal static class Rbac
{
    public static Principal All(IReadOnlyList<Principal> parts) => parts switch
    {
        [] => new Principal { Any = true },
        [var only] => only,
        _ => new Principal { AndIds = new() { Ids = { parts } } },
    };

    public static Principal Any(IReadOnlyList<Principal> parts) => parts switch
    {
        [] => Not(new Principal { Any = true }),
        [var only] => only,
        _ => new Principal { OrIds = new() { Ids = { parts } } },
    };

    public static Principal Not(Principal part) => new() { NotId = part };

    public static Permission All(IReadOnlyList<Permission> parts) => parts switch
    {
        [] => new Permission { Any = true },
        [var only] => only,
        _ => new Permission { AndRules = new() { Rules = { parts } } },
    };

    public static Permission Any(IReadOnlyList<Permission> parts) => parts switch
    {
        [] => Not(new Permission { Any = true }),
        [var only] => only,
        _ => new Permission { OrRules = new() { Rules = { parts } } },
    };

    public static Permission Not(Permission part) => new() { NotRule = part };
}
