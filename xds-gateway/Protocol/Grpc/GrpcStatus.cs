namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>How a call ended, and why in words.</summary>
/// <param name="Code">The kind of end.</param>
/// <param name="Message">A sentence for the other side; empty when there is nothing to say.</param>
public sealed record GrpcStatus(GrpcStatusCode Code, string Message)
{
    /// <summary>It succeeded.</summary>
    public static GrpcStatus Ok { get; } = new(GrpcStatusCode.Ok, "");

    /// <summary>
    /// When the caller should try again at the earliest; null when the server does not say. It is sent in whole
    /// milliseconds.
    /// </summary>
    /// <remarks>Source: gRFC A6, <c>grpc-retry-pushback-ms</c>.</remarks>
    public TimeSpan? RetryAfter { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Message.Length == 0 ? $"{Code}" : $"{Code}: {Message}";
}
