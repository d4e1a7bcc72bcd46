using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Config;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Audit;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/workloads</c>: processes and VMs join, renew, report and leave over REST.</summary>
internal static class WorkloadEndpoints
{
    public static void MapWorkloads(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/workloads", JoinAsync).RequireCredential();
        routes.MapGet("/v1/workloads", List).RequireRole(Role.Viewer);
        routes.MapGet("/v1/workloads/{ns}/{name}", FindAsync).RequireRole(Role.Viewer);
        routes.MapPut("/v1/workloads/{ns}/{name}/lease", RenewAsync).RequireCredential()
            .WithMetadata(new NotAudited("it is asked for every few seconds"));
        routes.MapPut("/v1/workloads/{ns}/{name}/health", ReportAsync).RequireCredential()
            .WithMetadata(new NotAudited("it is asked for every few seconds"));
        routes.MapDelete("/v1/workloads/{ns}/{name}", LeaveAsync).RequireCredential();
    }

    private static IResult List(HttpContext context, WorkloadListing listing, string? ns)
    {
        var rights = context.Rights();
        return Results.Json(listing.All(ns).Where(row => rights.Sees(row.Namespace)), ApiJson.Options);
    }

    private static async Task<IResult> JoinAsync(
        HttpContext context, WorkloadOnboarding onboarding, Attestors attestors, JoinAdmission admission)
    {
        var (body, problem) = await ApiJson.ReadAsync<WorkloadRequest>(context);
        if (body is null) return problem!;
        context.Concerns($"{body.Namespace}/{body.Name} as {body.ServiceAccount}");
        var caller = context.Caller();
        JoinCredential? credential =
            caller.Rights.Has(Role.Registrar, body.Namespace) ? new JoinCredential.Operator()
            : caller.Evidence is { } evidence
                ? new JoinCredential.Proof(
                    evidence,
                    await attestors.ExamineAsync(evidence, context.RequestAborted),
                    context.Connection.RemoteIpAddress)
            : null;
        if (credential is null) return caller.Lacks(Role.Registrar, body.Namespace);
        if (credential is JoinCredential.Operator
            && ResourceName.IsDnsSubdomain(body.ServiceAccount)
            && await context.LacksRolesOfAsync(body.Namespace, body.ServiceAccount) is { } refusal)
        {
            return refusal;
        }

        return await admission.InTurnAsync(context, async () =>
            ResultOf(context, await onboarding.JoinAsync(body, credential, context.RequestAborted)));
    }

    private static IResult ResultOf(HttpContext context, JoinOutcome outcome) => outcome switch
    {
        JoinOutcome.Joined(var answer) =>
            Results.Json(answer, ApiJson.Options, statusCode: answer.Created ? 201 : 200),
        JoinOutcome.Unauthenticated(var reason) => Problems.Unauthenticated(reason),
        JoinOutcome.Forbidden(var reason) => Problems.Forbidden(reason),
        JoinOutcome.TooOften(var retryAfter) => Problems.TooOften(context, Issuance.TooOften.Reason, retryAfter),
        JoinOutcome.Unavailable(var reason, var retryAfter) => Problems.Unavailable(context, reason, retryAfter),
        JoinOutcome.Conflict(var reason) => Problems.Conflict(reason),
        JoinOutcome.Invalid(var path, var reason) => Problems.BadField(path, reason),
        _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
    };

    private static async Task<IResult> FindAsync(
        HttpContext context, WorkloadOnboarding onboarding, string ns, string name) =>
        context.Rights().Sees(ns) && await onboarding.FindAsync(ns, name, context.RequestAborted) is { } view
            ? Results.Json(view, ApiJson.Options)
            : Problems.NotFound($"There is no workload {ns}/{name}.");

    private static Task<IResult> RenewAsync(
        HttpContext context, WorkloadOnboarding onboarding, string ns, string name) =>
        OwnedAsync(context, onboarding, ns, name, grain => grain.RenewAsync(context.RequestAborted));

    private static async Task<IResult> ReportAsync(
        HttpContext context, WorkloadOnboarding onboarding, string ns, string name)
    {
        var (body, problem) = await ApiJson.ReadAsync<HealthReport>(context);
        return body is null
            ? problem!
            : await OwnedAsync(context, onboarding, ns, name, grain => body.Draining
                ? grain.DrainAsync(context.RequestAborted)
                : grain.ReportHealthAsync(body.Healthy, body.Detail, context.RequestAborted));
    }

    private static Task<IResult> LeaveAsync(
        HttpContext context, WorkloadOnboarding onboarding, string ns, string name) =>
        OwnedAsync(context, onboarding, ns, name, grain => grain.LeaveAsync(context.RequestAborted));

    // A stranger's workload and a workload that is not there look the same: 404, so that names cannot be probed.
    private static async Task<IResult> OwnedAsync(
        HttpContext context,
        WorkloadOnboarding onboarding,
        string ns,
        string name,
        Func<IWorkloadGrain, Task<bool>> act)
    {
        var caller = context.Caller();
        if (caller is Caller.TokenHolder or Caller.Bearer)
        {
            return Problems.Unauthenticated(
                "Use the workload's certificate (TLS port 15012), the admin token or one with the role registrar; "
                + "a join token is good for joining only.");
        }

        var mayAll = caller.Rights.Has(Role.Registrar, ns);
        var owner = mayAll ? null : (caller as Caller.Member)?.Id;
        if (!mayAll && owner is null)
        {
            return caller.Rights.Sees(ns) ? caller.Lacks(Role.Registrar, ns) : Missing(ns, name);
        }

        var serial = (caller as Caller.Member)?.Serial ?? "";
        var grain = await onboarding.FindOwnedAsync(ns, name, owner, serial, context.RequestAborted);
        return grain is not null && await act(grain)
            ? Results.NoContent()
            : Missing(ns, name);
    }

    private static IResult Missing(string ns, string name) =>
        Problems.NotFound($"There is no workload {ns}/{name} of yours.");

    private sealed record HealthReport(bool Healthy = true, string Detail = "", bool Draining = false);
}
