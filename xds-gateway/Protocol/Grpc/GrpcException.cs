namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>
/// A call that did not succeed. A handler throws it to end its call; a client gets it when the call ended so.
/// </summary>
public sealed class GrpcException : Exception
{
    /// <summary>Ends a call.</summary>
    /// <param name="code">The kind of end; not <see cref="GrpcStatusCode.Ok"/>.</param>
    /// <param name="message">A sentence for the other side.</param>
    /// <param name="inner">What it came from, for the log on this side only.</param>
    public GrpcException(GrpcStatusCode code, string message, Exception? inner = null)
        : this(new GrpcStatus(code, message), inner)
    {
    }

    /// <summary>Ends a call.</summary>
    public GrpcException(GrpcStatus status, Exception? inner = null)
        : base(status.ToString(), inner) => Status = status;

    /// <summary>How the call ended.</summary>
    public GrpcStatus Status { get; }
}
