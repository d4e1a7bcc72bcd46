using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Cors;
using MeshOrleans.Xds.Protocol.Fault;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The settings that a route or a host carries for single filters.</summary>
/// <param name="Fault">For the fault filter.</param>
/// <param name="Cors">For the cross-origin filter.</param>
internal sealed record FilterSettings(FaultModel? Fault, CorsModel? Cors)
{
    private static readonly string FaultType = HTTPFault.Descriptor.FullName;
    private static readonly string CorsType = CorsPolicy.Descriptor.FullName;

    /// <summary>Reads them all; those for a filter that this sidecar does not have are refused.</summary>
    public static FilterSettings Read(MapField<string, Any> settings, FieldPath at)
    {
        var (fault, cors) = ((FaultModel?)null, (CorsModel?)null);
        foreach (var (name, any) in settings)
        {
            var here = at.At("typed_per_filter_config").At(name);
            var type = Any.GetTypeName(any.TypeUrl);
            if (type == FaultType) fault = FaultReader.Read(CoreReader.Unpack<HTTPFault>(any, here), here);
            else if (type == CorsType) cors = CorsReader.Read(CoreReader.Unpack<CorsPolicy>(any, here), here);
            else throw new UnusableResourceException(here, $"{any.TypeUrl} is not supported");
        }

        return new FilterSettings(fault, cors);
    }
}
