using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;

namespace MeshOrleans.Xds.Translation.Clusters;

/// <summary>Makes outlier detection. Ejection by success rate, which Envoy has on by default, is off.</summary>
internal static class OutlierTranslator
{
    private const uint Always = 100;

    public static void Apply(Cluster cluster, Model.Config.OutlierDetection source, bool alwaysEjectsOne)
    {
        cluster.OutlierDetection = Translate(source);
        if (alwaysEjectsOne) cluster.OutlierDetection.AlwaysEjectOneHost = true;
        if (source.HttpErrorCodes.IsEmpty) return;
        var codes = source.HttpErrorCodes.Select(code => Value.ForNumber(code)).ToArray();
        cluster.Metadata ??= new();
        cluster.Metadata.FilterMetadata[MeshMetadata.Filter] = new Struct
        {
            Fields = { [MeshMetadata.OutlierStatuses] = Value.ForList(codes) },
        };
    }

    private static OutlierDetection Translate(Model.Config.OutlierDetection source)
    {
        var target = new OutlierDetection { EnforcingSuccessRate = 0 };
        if (source.Consecutive5xxErrors is { } errors)
        {
            target.Consecutive5Xx = (uint)errors;
            target.EnforcingConsecutive5Xx = errors > 0 ? Always : 0;
        }

        if (source.ConsecutiveGatewayErrors is { } gatewayErrors)
        {
            target.ConsecutiveGatewayFailure = (uint)gatewayErrors;
            target.EnforcingConsecutiveGatewayFailure = gatewayErrors > 0 ? Always : 0;
        }

        if (source.Interval is { } interval) target.Interval = Duration.FromTimeSpan(interval);
        if (source.BaseEjectionTime is { } ejection) target.BaseEjectionTime = Duration.FromTimeSpan(ejection);
        if (source.MaxEjectionPercent is { } percent) target.MaxEjectionPercent = (uint)percent;
        if (source.SplitExternalLocalOriginErrors) ApplySplit(target, source.ConsecutiveLocalOriginFailures);
        return target;
    }

    private static void ApplySplit(OutlierDetection target, int? failures)
    {
        target.SplitExternalLocalOriginErrors = true;
        target.EnforcingLocalOriginSuccessRate = 0;
        if (failures is not { } count) return;
        target.ConsecutiveLocalOriginFailure = (uint)count;
        target.EnforcingConsecutiveLocalOriginFailure = count > 0 ? Always : 0;
    }
}
