namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Bounds that both sides share.</summary>
public static class GrpcLimits
{
    /// <summary>Largest message that is accepted unless told otherwise.</summary>
    /// <value>4 MiB, what every gRPC implementation defaults to.</value>
    public const int DefaultMaxMessageSize = 4 * 1024 * 1024;
}
