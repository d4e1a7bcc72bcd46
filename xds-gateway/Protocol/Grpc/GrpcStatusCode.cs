namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>How a call ended.</summary>
/// <remarks>Source: gRPC "Status codes and their use in gRPC"; the numbers travel in <c>grpc-status</c>.</remarks>
public enum GrpcStatusCode
{
    /// <summary>It succeeded.</summary>
    Ok = 0,

    /// <summary>The caller gave up.</summary>
    Cancelled = 1,

    /// <summary>Nobody knows.</summary>
    Unknown = 2,

    /// <summary>What was sent is wrong, whatever the state of the system.</summary>
    InvalidArgument = 3,

    /// <summary>Its time ran out.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>What was to be made is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit was reached.</summary>
    ResourceExhausted = 8,

    /// <summary>The system is not in the state the call needs.</summary>
    FailedPrecondition = 9,

    /// <summary>Somebody else was faster.</summary>
    Aborted = 10,

    /// <summary>Past the end of what there is.</summary>
    OutOfRange = 11,

    /// <summary>There is no such method, or not this way.</summary>
    Unimplemented = 12,

    /// <summary>An invariant is broken.</summary>
    Internal = 13,

    /// <summary>Not now: try again.</summary>
    Unavailable = 14,

    /// <summary>Data is gone or damaged for good.</summary>
    DataLoss = 15,

    /// <summary>The caller did not prove who it is.</summary>
    Unauthenticated = 16,
}
