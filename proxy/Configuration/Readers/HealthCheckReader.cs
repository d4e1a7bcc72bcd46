using System.Collections.Immutable;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Type;
using Proto = MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Health checks, refused where Envoy refuses them.</summary>
internal static class HealthCheckReader
{
    private const int LowestStatus = 100;
    private const int BeyondStatuses = 600;
    private static readonly StatusSpan Ok = new(200, 201);

    /// <param name="cluster">The cluster.</param>
    /// <param name="protocol">What it speaks: gRPC needs HTTP/2.</param>
    /// <param name="at">Where its checks are.</param>
    public static HealthCheckModel? Read(Proto.Cluster cluster, UpstreamProtocol protocol, FieldPath at)
    {
        if (cluster.HealthChecks.Count == 0) return null;
        if (cluster.HealthChecks.Count > 1) throw new UnusableResourceException(at, "more than one is not supported");
        var (check, here) = (cluster.HealthChecks[0], at.At(0));
        return new HealthCheckModel
        {
            Probe = Probe(check, protocol, here),
            Timeout = Needed(CoreReader.Positive(check.Timeout, here.At("timeout")), here.At("timeout")),
            Interval = Needed(CoreReader.Positive(check.Interval, here.At("interval")), here.At("interval")),
            InitialJitter = CoreReader.Span(check.InitialJitter, here.At("initial_jitter")) ?? default,
            IntervalJitter = CoreReader.Span(check.IntervalJitter, here.At("interval_jitter")) ?? default,
            UnhealthyThreshold = Threshold(check.UnhealthyThreshold, here.At("unhealthy_threshold")),
            HealthyThreshold = Threshold(check.HealthyThreshold, here.At("healthy_threshold")),
        };
    }

    private static HealthProbe Probe(HealthCheck check, UpstreamProtocol protocol, FieldPath at)
    {
        switch (check.HealthCheckerCase)
        {
            case HealthCheck.HealthCheckerOneofCase.HttpHealthCheck:
                var (http, here) = (check.HttpHealthCheck, at.At("http_health_check"));
                if (!http.Path.StartsWith('/'))
                {
                    throw new UnusableResourceException(here.At("path"), "must begin with /");
                }

                var expected = Spans(http.ExpectedStatuses, here.At("expected_statuses"));
                return new HealthProbe.Http(
                    CoreReader.HeaderValue(http.Path, here.At("path")),
                    CoreReader.HeaderValue(http.Host, here.At("host")),
                    expected.IsEmpty ? [Ok] : expected,
                    Spans(http.RetriableStatuses, here.At("retriable_statuses")));
            case HealthCheck.HealthCheckerOneofCase.TcpHealthCheck:
                return new HealthProbe.Tcp();
            case HealthCheck.HealthCheckerOneofCase.GrpcHealthCheck:
                if (protocol is UpstreamProtocol.Http1)
                {
                    throw new UnusableResourceException(at.At("grpc_health_check"), "needs a cluster of HTTP/2");
                }

                var authority = at.At("grpc_health_check").At("authority");
                return new HealthProbe.Grpc(
                    check.GrpcHealthCheck.ServiceName,
                    CoreReader.HeaderValue(check.GrpcHealthCheck.Authority, authority));
            default:
                throw new UnusableResourceException(at, "is of a kind that is not supported");
        }
    }

    private static ImmutableArray<StatusSpan> Spans(IEnumerable<Int64Range> ranges, FieldPath at)
    {
        var spans = ImmutableArray.CreateBuilder<StatusSpan>();
        foreach (var (i, range) in ranges.Index())
        {
            if (range.Start < LowestStatus || range.End > BeyondStatuses || range.Start >= range.End)
            {
                throw new UnusableResourceException(at.At(i), $"{range.Start} to {range.End} are no statuses");
            }

            spans.Add(new StatusSpan((int)range.Start, (int)range.End));
        }

        return spans.ToImmutable();
    }

    private static TimeSpan Needed(TimeSpan? span, FieldPath at) =>
        span ?? throw new UnusableResourceException(at, "must be more than zero");

    private static int Threshold(uint? count, FieldPath at) => count is { } given
        ? (int)Math.Clamp(given, 1, int.MaxValue)
        : throw new UnusableResourceException(at, "must be given");
}
