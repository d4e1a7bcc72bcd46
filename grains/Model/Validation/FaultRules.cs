using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of injected faults.</summary>
internal static class FaultRules
{
    private static readonly HashSet<string> GrpcStatuses = new(StringComparer.Ordinal)
    {
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
        "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    };

    public static void Check(HttpFault? fault, FieldPath path, RuleReport report)
    {
        if (fault is null) return;
        if (fault is { Abort: null, Delay: null })
        {
            report.Error(path, "HTTP fault injection must have an abort and/or a delay");
        }
        if (fault.Delay is { } delay) CheckDelay(delay, path.At("delay"), report);
        if (fault.Abort is { } abort) CheckAbort(abort, path.At("abort"), report);
    }

    public static void CheckStatus(int status, FieldPath path, RuleReport report) =>
        report.ErrorIf(status is < 200 or > 599, path, $"HTTP status {status} is not in range 200-599");

    private static void CheckDelay(HttpDelay delay, FieldPath path, RuleReport report)
    {
        ValueRules.CheckPercent(delay.Percentage, path.At("percentage"), report);
        ValueRules.CheckDuration(delay.FixedDelay, path.At("fixedDelay"), report);
        if (delay.ExponentialDelay is not null)
        {
            report.Error(path.At("exponentialDelay"), "exponentialDelay not supported yet");
        }
        else if (delay.FixedDelay is null) report.Error(path, "fixedDelay is required");
    }

    private static void CheckAbort(HttpAbort abort, FieldPath path, RuleReport report)
    {
        ValueRules.CheckPercent(abort.Percentage, path.At("percentage"), report);
        if (abort.HttpStatus is { } status) CheckStatus(status, path.At("httpStatus"), report);
        if (abort.GrpcStatus.Length > 0 && !GrpcStatuses.Contains(abort.GrpcStatus))
        {
            report.Error(path.At("grpcStatus"), $"gRPC status \"{abort.GrpcStatus}\" is not supported");
        }

        report.ErrorIf(
            abort.Http2Error.Length > 0, path.At("http2Error"), "HTTP/2 abort fault injection not supported yet");
        var given = (abort.HttpStatus is null ? 0 : 1) + (abort.GrpcStatus.Length > 0 ? 1 : 0) + (abort.Http2Error.Length > 0 ? 1 : 0);
        if (given == 0) report.Error(path, "abort needs httpStatus or grpcStatus");
        if (given > 1) report.Error(path, "only one of httpStatus, grpcStatus and http2Error may be set");
    }
}
