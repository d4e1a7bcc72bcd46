using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Audit;

namespace MeshOrleans.Silo.Api;

/// <summary>What calls ask of their callers, and the answers to those who do not have it.</summary>
internal static class ApiAuthorization
{
    /// <summary>The caller that the demand of the endpoint has found.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint has no demand on its caller.");

    /// <summary>What the caller may do.</summary>
    public static AccessRights Rights(this HttpContext context) => context.Caller().Rights;

    /// <summary>Says to the audit trail what the call is about, where its path does not.</summary>
    /// <param name="context">The call.</param>
    /// <param name="subject">No secret; whatever the caller has sent may be in it.</param>
    public static void Concerns(this HttpContext context, string subject) =>
        context.Features.Set(new AuditedSubject(subject));

    /// <summary>Only the admin may call: the credential of the control plane, or who has the role admin.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Demand(new AccessDemand.OfRole(Role.Admin, ForMesh: true));

    /// <summary>Who has the role in at least one namespace may call; the call shows or does nothing beyond those.</summary>
    public static TBuilder RequireRole<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder => builder.Demand(new AccessDemand.OfRole(role, ForMesh: false));

    /// <summary>Who has the role for the whole mesh may call.</summary>
    public static TBuilder RequireRoleForMesh<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder => builder.Demand(new AccessDemand.OfRole(role, ForMesh: true));

    /// <summary>Anybody who presents something may call; the endpoint decides on <see cref="Caller"/>.</summary>
    public static TBuilder RequireCredential<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Demand(new AccessDemand.Credential());

    /// <summary>
    /// As <see cref="RequireCredential"/>, or whoever has the proof in the body: the call answers <see cref="NoCredential"/> to who
    /// has neither.
    /// </summary>
    public static TBuilder RequireCredentialOrProof<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Demand(new AccessDemand.Credential(OrInBody: true));

    /// <summary>The answer to who presents nothing.</summary>
    public static IResult NoCredential() => Problems.Unauthenticated(
        "Send a join token or another credential as bearer, or use a client certificate.");

    /// <summary>Everybody may call.</summary>
    public static TBuilder AllowEverybody<TBuilder>(this TBuilder builder, string why)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AccessDemand.Nothing(why)).AddEndpointFilter(async (invocation, next) =>
            invocation.HttpContext.RequestServices.GetRequiredService<CallerRates>().RefusalOfAnybody(invocation.HttpContext)
                ?? await next(invocation));

    /// <summary>The answer to who lacks a role in a namespace that it named itself.</summary>
    public static IResult Lacks(this Caller caller, Role role, string ns) =>
        Problems.Forbidden($"This needs the role {Roles.NameOf(role)} in namespace '{ns}'; {caller.What()}.");

    /// <summary>The answer to who lacks a role for the whole mesh.</summary>
    public static IResult LacksForMesh(this Caller caller, Role role) => Problems.Forbidden(
        $"This needs the role {Roles.NameOf(role)} for the whole mesh; {caller.What()}.");

    private static TBuilder Demand<TBuilder>(this TBuilder builder, AccessDemand demand)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(demand).AddEndpointFilter(async (invocation, next) =>
        {
            var context = invocation.HttpContext;
            var caller = await context.RequestServices.GetRequiredService<ApiAuthentication>().IdentifyAsync(context);
            context.Features.Set(caller);
            var rates = context.RequestServices.GetRequiredService<CallerRates>();
            return (IsHeardNameless(demand, caller) ? rates.RefusalOfAnybody(context) : rates.RefusalOf(context, caller))
                ?? RefusalOf(demand, caller)
                ?? await next(invocation);
        });

    // who has proved nothing yet, and whose proof costs something to look at
    private static bool IsHeardNameless(AccessDemand demand, Caller caller) =>
        demand is AccessDemand.Credential(OrInBody: true) && caller is Api.Caller.Anonymous;

    private static IResult? RefusalOf(AccessDemand demand, Caller caller) => (demand, caller) switch
    {
        (_, Api.Caller.Refused(var reason)) => Problems.Unauthenticated(reason),
        (AccessDemand.Credential(false), Api.Caller.Anonymous) => NoCredential(),
        (AccessDemand.Credential, _) => null,
        (AccessDemand.OfRole, Api.Caller.Anonymous) => Problems.Unauthenticated(
            "Send 'Authorization: Bearer TOKEN', the admin token (DATA/admin-token) or one of an issuer of the access file; "
            + "or use a client certificate on the TLS port."),
        (AccessDemand.OfRole, Api.Caller.TokenHolder) => Problems.Unauthenticated(
            "A join token is good for joining only; this call needs the admin token (DATA/admin-token) or a role."),
        (AccessDemand.OfRole, Api.Caller.Bearer) => Problems.Unauthenticated(
            "The bearer is not the admin token of this control plane (DATA/admin-token), nor good for this call."),
        (AccessDemand.OfRole(var role, true), _) => caller.Rights.HasForMesh(role) ? null : caller.LacksForMesh(role),
        (AccessDemand.OfRole(var role, false), _) => caller.Rights.HasAnywhere(role) ? null : Problems.Forbidden(
            $"This needs the role {Roles.NameOf(role)}; {caller.What()}."),
        _ => throw new InvalidOperationException($"Unknown demand {demand.GetType().Name}."),
    };

    /// <summary>
    /// The answer to who would let others be a service account that may do more at the API than the caller itself; null
    /// where it may not.
    /// </summary>
    public static async Task<IResult?> LacksRolesOfAsync(this HttpContext context, string ns, string account)
    {
        var caller = context.Caller();
        if (caller.Rights.HasForMesh(Role.Admin)) return null;
        var roles = context.RequestServices.GetRequiredService<IdentityRoles>();
        var others = await roles.OfAsync(ns, account, context.RequestAborted);
        return caller.Rights.Cover(others) ? null : Problems.Forbidden(
            $"Service account '{account}' of namespace '{ns}' is {string.Join(", ", others.Grants.Select(TextOf))} at the API; "
            + $"to let others be it needs the role admin, or all of these; {caller.What()}.");
    }

    /// <summary>Who the caller is and what it has, as the end of a sentence.</summary>
    public static string What(this Caller caller) => caller.Rights.Grants.IsEmpty
        ? $"{caller.Name} has no role (--api-access gives roles)"
        : $"{caller.Name} is {string.Join(", ", caller.Rights.Grants.Select(TextOf))}";

    private static string TextOf(AccessGrant grant) =>
        $"{Roles.NameOf(grant.Role)} {(grant.IsForMesh ? "for the mesh" : $"in {string.Join(", ", grant.Namespaces)}")}";
}
