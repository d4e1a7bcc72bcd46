namespace MeshOrleans.Interop.Tests.Foreign;

/// <summary>A gRPC that others have written.</summary>
public enum ForeignKind
{
    /// <summary>grpc-js with grpc-js-xds, from npm.</summary>
    Node,

    /// <summary>C-core, by Debian's python3-grpcio.</summary>
    Python,
}
