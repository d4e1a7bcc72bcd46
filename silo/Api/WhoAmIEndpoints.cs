using System.Collections.Immutable;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary><c>GET /v1/whoami</c>: whom the control plane takes the caller for, and what it lets it do.</summary>
internal static class WhoAmIEndpoints
{
    public static void MapWhoAmI(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/whoami", Tell).RequireCredential();

    private static IResult Tell(HttpContext context) => context.Caller() is Caller.Bearer
        ? Problems.Unauthenticated("The bearer is none that this control plane knows.")
        : Results.Json(
            new WhoAmIAnswer(
                context.Caller().Name,
                KindOf(context.Caller()),
                [.. context.Rights().Grants.Select(g => new GrantRow(Roles.NameOf(g.Role), g.Namespaces, g.IsForMesh))]),
            ApiJson.Options);

    private static string KindOf(Caller caller) => caller switch
    {
        Caller.Admin => "admin token",
        Caller.User => "token of an issuer",
        Caller.Member => "client certificate",
        _ => "join token",
    };

    private sealed record WhoAmIAnswer(string Name, string Credential, ImmutableArray<GrantRow> Roles);

    private sealed record GrantRow(string Role, ImmutableArray<string> Namespaces, bool ForMesh);
}
