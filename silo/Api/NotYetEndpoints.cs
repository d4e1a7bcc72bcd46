namespace MeshOrleans.Silo.Api;

/// <summary>
/// The calls of the contract that this version does not answer yet: a loud 501, never a silent success.
/// </summary>
internal static class NotYetEndpoints
{
    private static readonly (string Method, string Pattern)[] Calls =
    [
        ("GET", "/v1/revisions/{n}/status"),
        ("GET", "/v1/revisions/{a}/diff/{b}"),
        ("POST", "/v1/revisions/{n}/rollback"),
        ("POST", "/v1/plan"),
        ("GET", "/v1/topology"),
    ];

    public static void MapNotYet(this IEndpointRouteBuilder routes)
    {
        foreach (var (method, pattern) in Calls)
        {
            routes.MapMethods(pattern, [method], () => Problems.NotYet($"{method} {pattern}")).RequireAdmin();
        }
    }
}
