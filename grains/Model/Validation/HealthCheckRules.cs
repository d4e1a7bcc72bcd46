using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of HealthCheck.</summary>
internal static class HealthCheckRules
{
    private const int MaxThreshold = 100;
    private const int MaxText = 1024;
    private const int MaxStatuses = 32;
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(10);

    public static void Check(HealthCheck check, FieldPath spec, RuleReport report)
    {
        HostRules.Check(check.Host, spec.At("host"), report);
        ValueRules.CheckPort(check.Port, spec.At("port"), report);
        CheckTimes(check, spec, report);
        CheckThreshold(check.UnhealthyThreshold, spec.At("unhealthyThreshold"), report);
        CheckThreshold(check.HealthyThreshold, spec.At("healthyThreshold"), report);
        var given = (check.Http is null ? 0 : 1) + (check.Tcp is null ? 0 : 1) + (check.Grpc is null ? 0 : 1);
        report.ErrorIf(given != 1, spec, "exactly one of http, tcp and grpc must be set");
        if (check.Http is { } http) CheckHttp(http, spec.At("http"), report);
        if (check.Grpc is { } grpc && !IsPlain(grpc.Service))
        {
            report.Error(spec.At("grpc").At("service"), $"service must be at most {MaxText} visible ASCII characters");
        }
    }

    private static void CheckTimes(HealthCheck check, FieldPath spec, RuleReport report)
    {
        ValueRules.CheckDuration(check.Interval, spec.At("interval"), report);
        ValueRules.CheckDuration(check.Timeout, spec.At("timeout"), report);
        var interval = check.Interval ?? DefaultInterval;
        if (interval < ShortestInterval || interval > LongestInterval)
        {
            report.Error(spec.At("interval"), "interval must be from 100ms to 1h");
        }

        report.ErrorIf(check.Timeout > interval, spec.At("timeout"), "timeout must not be longer than the interval");
    }

    private static void CheckThreshold(int? threshold, FieldPath path, RuleReport report) =>
        report.ErrorIf(threshold is < 1 or > MaxThreshold, path, $"a threshold must be from 1 to {MaxThreshold}");

    private static void CheckHttp(HttpHealthCheck http, FieldPath path, RuleReport report)
    {
        if (http.Path.Length > 0 && (http.Path[0] != '/' || http.Path.Contains('#') || !IsPlain(http.Path)))
        {
            report.Error(
                path.At("path"),
                $"path must begin with / and have at most {MaxText} visible ASCII characters, none of them #");
        }

        if (http.Host.Length > 0) HostRules.Check(http.Host, path.At("host"), report);
        report.ErrorIf(
            http.ExpectedStatuses.Length > MaxStatuses,
            path.At("expectedStatuses"),
            $"at most {MaxStatuses} statuses or ranges can be set");
    }

    private static bool IsPlain(string text) => text.Length <= MaxText && text.All(c => c is > ' ' and < '\x7f');
}
