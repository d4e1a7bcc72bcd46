using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What two chains of one port must have in common: every filter, apart from names for statistics.</summary>
internal sealed record ChainShape(ByteString Filters)
{
    public static ChainShape Of(FilterChain chain, FieldPath at)
    {
        var shape = new FilterChain();
        foreach (var (i, filter) in chain.Filters.Index())
        {
            if (filter.TypedConfig is { } any
                && Any.GetTypeName(any.TypeUrl) == HttpConnectionManager.Descriptor.FullName)
            {
                var manager = CoreReader.Unpack<HttpConnectionManager>(any, at.At("filters").At(i));
                manager.StatPrefix = "";
                shape.Filters.Add(new Filter { TypedConfig = Any.Pack(manager) });
            }
            else
            {
                shape.Filters.Add(filter);
            }
        }

        return new ChainShape(shape.ToByteString());
    }
}
