using System.Collections.Immutable;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol;
using Proto = MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>Outlier detection with the defaults that Envoy documents.</summary>
internal static class OutlierReader
{
    public static OutlierModel? Read(Proto.Cluster cluster, FieldPath at)
    {
        if (cluster.OutlierDetection is not { } outlier) return null;
        return new OutlierModel
        {
            Consecutive5xx = Enforced(outlier.Consecutive5Xx, outlier.EnforcingConsecutive5Xx, enforcedByDefault: true),
            ConsecutiveGatewayErrors = Enforced(
                outlier.ConsecutiveGatewayFailure,
                outlier.EnforcingConsecutiveGatewayFailure,
                enforcedByDefault: false),
            ConsecutiveLocalOriginFailures = Enforced(
                outlier.ConsecutiveLocalOriginFailure,
                outlier.EnforcingConsecutiveLocalOriginFailure,
                enforcedByDefault: true),
            SplitLocalOrigin = outlier.SplitExternalLocalOriginErrors,
            Interval = CoreReader.Positive(outlier.Interval, at.At("interval")) ?? TimeSpan.FromSeconds(10),
            BaseEjectionTime = CoreReader.Positive(
                outlier.BaseEjectionTime, at.At("base_ejection_time")) ?? TimeSpan.FromSeconds(30),
            MaxEjectionTime = CoreReader.Positive(
                outlier.MaxEjectionTime, at.At("max_ejection_time")) ?? TimeSpan.FromSeconds(300),
            MaxEjectionPercent = (int)Math.Min(outlier.MaxEjectionPercent ?? 10, 100),
            ErrorStatuses = ErrorStatuses(cluster),
            AlwaysEjectOneHost = outlier.AlwaysEjectOneHost ?? false,
        };
    }

    private static ImmutableArray<int> ErrorStatuses(Proto.Cluster cluster) =>
        cluster.Metadata is { } metadata
        && metadata.FilterMetadata.TryGetValue(MeshMetadata.Filter, out var fields)
        && fields.Fields.TryGetValue(MeshMetadata.OutlierStatuses, out var list)
            ? [.. (list.ListValue?.Values ?? []).Select(v => v.NumberValue).Where(n => n is >= 100 and < 1000)
                .Select(n => (int)n)]
            : [];

    // Enforcement is a share in percent; a detector that is not enforced at all never ejects.
    private static int Enforced(uint? consecutive, uint? share, bool enforcedByDefault) =>
        (share ?? (enforcedByDefault ? 100u : 0u)) == 0 ? 0 : (int)Math.Min(consecutive ?? 5, int.MaxValue);
}
