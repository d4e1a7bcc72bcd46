using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// The calls of the contract that this version does not answer yet: a loud 501, never a silent success.
/// </summary>
internal static class NotYetEndpoints
{
    private static readonly (string Method, string Pattern, Role Role)[] Calls =
    [
        ("GET", "/v1/revisions/{n}/status", Role.Viewer),
        ("GET", "/v1/revisions/{a}/diff/{b}", Role.Viewer),
        ("POST", "/v1/revisions/{n}/rollback", Role.Operator),
        ("POST", "/v1/plan", Role.Viewer),
        ("GET", "/v1/topology", Role.Viewer),
    ];

    public static void MapNotYet(this IEndpointRouteBuilder routes)
    {
        foreach (var (method, pattern, role) in Calls)
        {
            routes.MapMethods(pattern, [method], () => Problems.NotYet($"{method} {pattern}")).RequireRole(role);
        }
    }
}
