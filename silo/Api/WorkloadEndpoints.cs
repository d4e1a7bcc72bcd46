using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/workloads</c>: processes and VMs join, renew, report and leave over REST.</summary>
internal static class WorkloadEndpoints
{
    public static void MapWorkloads(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/workloads", JoinAsync).RequireCredential();
        routes.MapGet(
            "/v1/workloads", (WorkloadListing listing, string? ns) => Results.Json(listing.All(ns), ApiJson.Options))
            .RequireAdmin();
        routes.MapGet("/v1/workloads/{ns}/{name}", FindAsync).RequireAdmin();
        routes.MapPut("/v1/workloads/{ns}/{name}/lease", RenewAsync).RequireCredential();
        routes.MapPut("/v1/workloads/{ns}/{name}/health", ReportAsync).RequireCredential();
        routes.MapDelete("/v1/workloads/{ns}/{name}", LeaveAsync).RequireCredential();
    }

    private static async Task<IResult> JoinAsync(
        HttpContext context, WorkloadOnboarding onboarding, JoinAdmission admission)
    {
        var (body, problem) = await ApiJson.ReadAsync<WorkloadRequest>(context);
        if (body is null) return problem!;
        JoinCredential? credential = context.Caller() switch
        {
            Caller.Admin => new JoinCredential.Operator(),
            Caller.TokenHolder(var token) => new JoinCredential.Token(token),
            Caller.Member(var id) => new JoinCredential.Member(id),
            _ => null,
        };
        if (credential is null)
        {
            return Problems.Unauthenticated("The bearer is neither a join token nor the admin token.");
        }

        return await admission.InTurnAsync(
            context, async () => ResultOf(await onboarding.JoinAsync(body, credential, context.RequestAborted)));
    }

    private static IResult ResultOf(JoinOutcome outcome) => outcome switch
    {
        JoinOutcome.Joined(var answer) =>
            Results.Json(answer, ApiJson.Options, statusCode: answer.Created ? 201 : 200),
        JoinOutcome.Unauthenticated(var reason) => Problems.Unauthenticated(reason),
        JoinOutcome.Forbidden(var reason) => Problems.Forbidden(reason),
        JoinOutcome.Conflict(var reason) => Problems.Conflict(reason),
        JoinOutcome.Invalid(var path, var reason) => Problems.BadField(path, reason),
        _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
    };

    private static async Task<IResult> FindAsync(
        HttpContext context, WorkloadOnboarding onboarding, string ns, string name) =>
        await onboarding.FindAsync(ns, name, context.RequestAborted) is { } view
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
        SpiffeId? owner = context.Caller() is Caller.Member(var id) ? id : null;
        if (owner is null && context.Caller() is not Caller.Admin)
        {
            return Problems.Unauthenticated(
                "Use the workload's certificate (TLS port 15012) or the admin token; "
                + "a join token is good for joining only.");
        }

        var grain = await onboarding.FindOwnedAsync(ns, name, owner, context.RequestAborted);
        return grain is not null && await act(grain)
            ? Results.NoContent()
            : Problems.NotFound($"There is no workload {ns}/{name} of yours.");
    }

    private sealed record HealthReport(bool Healthy = true, string Detail = "", bool Draining = false);
}
