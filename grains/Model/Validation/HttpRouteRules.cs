using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of one HTTP route: which of its parts go together.</summary>
internal static class HttpRouteRules
{
    private const int LargeBody = 100 * 1024;
    private const int MaxBody = 1024 * 1024;

    public static void Check(HttpRoute route, bool inDelegate, bool reachesGateway, FieldPath path, RuleReport report)
    {
        if (route.Delegate is not null) CheckRoot(route, inDelegate, path, report);
        else CheckShape(route, path, report);

        HttpMatchRules.Check(route.Match, reachesGateway, path.At("match"), report);
        CheckDestinations(route, path.At("route"), report);
        HttpActionRules.CheckRedirect(route, path.At("redirect"), report);
        HttpActionRules.CheckRewrite(route.Rewrite, path.At("rewrite"), report);
        HttpActionRules.CheckRetries(route.Retries, path.At("retries"), report);
        HttpActionRules.CheckCors(route.CorsPolicy, path.At("corsPolicy"), report);
        FaultRules.Check(route.Fault, path.At("fault"), report);
        CheckDirectResponse(route.DirectResponse, path.At("directResponse"), report);
        CheckMirrors(route, path, report);
        HeaderRules.Check(route.Headers, path.At("headers"), report);
        if (route.Timeout != TimeSpan.Zero) ValueRules.CheckDuration(route.Timeout, path.At("timeout"), report);
    }

    private static void CheckShape(HttpRoute route, FieldPath path, RuleReport report)
    {
        var (hasRoute, redirect, direct) = (!route.Route.IsEmpty, route.Redirect is not null, route.DirectResponse is not null);
        report.ErrorIf(!hasRoute && !redirect && !direct, path, "HTTP route, redirect or direct_response is required");
        Exclude(hasRoute && redirect, "route and redirect");
        Exclude(hasRoute && direct, "route and direct_response");
        Exclude(redirect && direct, "redirect and direct_response");
        Exclude(route.Fault is not null && redirect, "fault and redirect");
        Exclude(route.Fault is not null && direct, "fault and direct_response");
        Exclude(route.Rewrite is not null && redirect, "rewrite and redirect");
        Exclude(route.Rewrite is not null && direct, "rewrite and direct_response");

        void Exclude(bool both, string what) => report.ErrorIf(both, path, $"HTTP route cannot contain both {what}");
    }

    private static void CheckRoot(HttpRoute route, bool inDelegate, FieldPath path, RuleReport report)
    {
        report.ErrorIf(inDelegate, path.At("delegate"), "delegate HTTP route cannot contain delegate");
        report.ErrorIf(route.Delegate!.Name.Length == 0, path.At("delegate").At("name"), "delegate name is required");
        report.ErrorIf(!route.Route.IsEmpty, path, $"root HTTP route {route.Name} must not specify route");
        report.ErrorIf(route.Redirect is not null, path, $"root HTTP route {route.Name} must not specify redirect");
        report.ErrorIf(
            route.DirectResponse is not null, path, $"root HTTP route {route.Name} must not specify direct_response");
    }

    private static void CheckDestinations(HttpRoute route, FieldPath path, RuleReport report)
    {
        foreach (var (i, target) in route.Route.Index())
        {
            HostRules.CheckDestination(target.Destination, path.At(i).At("destination"), report);
            HeaderRules.Check(target.Headers, path.At(i).At("headers"), report);
        }

        L4RouteRules.CheckWeights([.. route.Route.Select(target => target.Weight)], path, report);
    }

    private static void CheckDirectResponse(HttpDirectResponse? response, FieldPath path, RuleReport report)
    {
        if (response is null) return;
        FaultRules.CheckStatus(response.Status, path.At("status"), report);
        if (response.Body.Length > MaxBody) report.Error(path.At("body"), "direct_response body must be less than 1MB");
        else if (response.Body.Length > LargeBody)
        {
            report.Warn(
                path.At("body"),
                "large direct_responses may impact control plane performance, must be less than 1MB");
        }
    }

    private static void CheckMirrors(HttpRoute route, FieldPath path, RuleReport report)
    {
        if (route.Mirror is not null) HostRules.CheckDestination(route.Mirror, path.At("mirror"), report);
        if (route.Mirror is not null && !route.Mirrors.IsEmpty)
        {
            report.Error(path, "HTTP route cannot contain both mirror and mirrors");
        }

        CheckShare(route.MirrorPercentage, path.At("mirrorPercentage"), report);
        foreach (var (i, mirror) in route.Mirrors.Index())
        {
            var at = path.At("mirrors").At(i);
            HostRules.CheckDestination(mirror.Destination, at.At("destination"), report);
            CheckShare(mirror.Percentage, at.At("percentage"), report);
        }
    }

    private static void CheckShare(double? percent, FieldPath path, RuleReport report)
    {
        if (percent > 100) report.Error(path, $"mirror_percentage must have a max value of 100 (it has {percent})");
        if (percent < 0) report.Error(path, $"mirror_percentage must have a min value of 0 (it has {percent})");
    }
}
