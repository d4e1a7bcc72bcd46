using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Api;

/// <summary>Finds out who calls, once per request; what a caller may do is decided where it is asked for.</summary>
internal sealed class ApiAuthentication(AdminToken admin)
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller of the request; <see cref="Caller.Anonymous"/> when it proves nothing.</summary>
    public Caller Identify(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            var credential = value[Scheme.Length..].Trim();
            if (admin.Matches(credential)) return new Caller.Admin();
            return JoinToken.TryParse(credential, out var token)
                ? new Caller.TokenHolder(token)
                : new Caller.Bearer(credential);
        }

        // The handshake let the certificate through, so its name is proved.
        return context.Connection.ClientCertificate is { } certificate
            && PeerSvid.TryReadName(certificate, out var id, out _)
            ? new Caller.Member(id)
            : new Caller.Anonymous();
    }
}

/// <summary>Endpoint filters that demand a kind of caller.</summary>
internal static class ApiAuthorization
{
    /// <summary>The caller that <see cref="RequireAdmin"/> or <see cref="Identify"/> found.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint has no caller filter.");

    /// <summary>
    /// Only the admin may call. A member, whose certificate is proved, gets 403; any other bearer is not one that is good here,
    /// and gets 401 as nobody does.
    /// </summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (invocation, next) =>
        Identify(invocation.HttpContext) switch
        {
            Api.Caller.Admin => await next(invocation),
            Api.Caller.Member => Problems.Forbidden("This call needs the admin credential (DATA/admin-token)."),
            Api.Caller.Anonymous => Problems.Unauthenticated(
                "Send 'Authorization: Bearer <admin token>'; the token is in DATA/admin-token."),
            _ => Problems.Unauthenticated("The bearer is not the admin token of this control plane (DATA/admin-token)."),
        });

    /// <summary>Anybody who presents something may call; the endpoint decides on <see cref="Caller"/>.</summary>
    public static TBuilder RequireCredential<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (invocation, next) =>
        Identify(invocation.HttpContext) is Api.Caller.Anonymous
            ? Problems.Unauthenticated("Send a join token or the admin token as bearer, or use a client certificate.")
            : await next(invocation));

    private static Caller Identify(HttpContext context)
    {
        var caller = context.RequestServices.GetRequiredService<ApiAuthentication>().Identify(context);
        context.Features.Set(caller);
        return caller;
    }
}
