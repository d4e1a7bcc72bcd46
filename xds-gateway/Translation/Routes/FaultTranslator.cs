using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Fault;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Makes the failures that a route injects. Without a percentage nothing is injected.</summary>
internal static class FaultTranslator
{
    private static readonly Dictionary<string, uint> GrpcCodes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["OK"] = 0,
        ["CANCELLED"] = 1,
        ["UNKNOWN"] = 2,
        ["INVALID_ARGUMENT"] = 3,
        ["DEADLINE_EXCEEDED"] = 4,
        ["NOT_FOUND"] = 5,
        ["ALREADY_EXISTS"] = 6,
        ["PERMISSION_DENIED"] = 7,
        ["RESOURCE_EXHAUSTED"] = 8,
        ["FAILED_PRECONDITION"] = 9,
        ["ABORTED"] = 10,
        ["OUT_OF_RANGE"] = 11,
        ["UNIMPLEMENTED"] = 12,
        ["INTERNAL"] = 13,
        ["UNAVAILABLE"] = 14,
        ["DATA_LOSS"] = 15,
        ["UNAUTHENTICATED"] = 16,
    };

    /// <summary>The filter's settings; null when there is nothing to inject.</summary>
    public static HTTPFault? Translate(HttpFault source)
    {
        var fault = new HTTPFault { Delay = Delay(source.Delay), Abort = Abort(source.Abort) };
        return fault.Delay is null && fault.Abort is null ? null : fault;
    }

    private static FaultDelay? Delay(HttpDelay? source) =>
        source is { Percentage: > 0 and var percent, FixedDelay: { } delay } && delay > TimeSpan.Zero
            ? new FaultDelay { FixedDelay = Duration.FromTimeSpan(delay), Percentage = Fractions.Of(percent) }
            : null;

    private static FaultAbort? Abort(HttpAbort? source)
    {
        if (source is not { Percentage: > 0 and var percent }) return null;
        var abort = new FaultAbort { Percentage = Fractions.Of(percent) };
        if (source.HttpStatus is { } status) abort.HttpStatus = (uint)status;
        else if (GrpcCodes.TryGetValue(source.GrpcStatus, out var code)) abort.GrpcStatus = code;
        else return null;
        return abort;
    }
}
