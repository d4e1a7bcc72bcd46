using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Fault;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Failures made on purpose.</summary>
internal static class FaultReader
{
    public static FaultModel? Read(HTTPFault fault, FieldPath at)
    {
        if (fault.UpstreamCluster.Length > 0)
        {
            throw new UnusableResourceException(at.At("upstream_cluster"), "is not supported");
        }

        if (fault.Delay is null && fault.Abort is null) return null;
        if (fault.Delay?.HeaderDelay is not null)
        {
            throw new UnusableResourceException(at.At("delay").At("header_delay"), "is not supported");
        }

        if (fault.Abort?.HeaderAbort is not null)
        {
            throw new UnusableResourceException(at.At("abort").At("header_abort"), "is not supported");
        }

        return new FaultModel
        {
            Delay = CoreReader.Span(fault.Delay?.FixedDelay, at.At("delay").At("fixed_delay")) ?? TimeSpan.Zero,
            DelayShare = CoreReader.Share(fault.Delay?.Percentage),
            AbortHttpStatus = fault.Abort?.HasHttpStatus is true ? HttpStatus(fault.Abort.HttpStatus, at) : null,
            AbortGrpcStatus = fault.Abort?.HasGrpcStatus is true
                ? (int)Math.Min(fault.Abort.GrpcStatus, int.MaxValue)
                : null,
            AbortShare = CoreReader.Share(fault.Abort?.Percentage),
            Headers = [.. fault.Headers.Select((h, i) => MatcherReader.Header(h, at.At("headers").At(i)))],
        };
    }

    private static int HttpStatus(uint status, FieldPath at) => status is >= 200 and < 600
        ? (int)status
        : throw new UnusableResourceException(at.At("abort").At("http_status"), $"{status} is not from 200 to 599");
}
