namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Names and fixed values of the protocol's headers.</summary>
/// <remarks>Source: gRPC over HTTP/2.</remarks>
internal static class GrpcHeaders
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string RetryPushback = "grpc-retry-pushback-ms"; // gRFC A6
    public const string Timeout = "grpc-timeout";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Identity = "identity";

    /// <summary>
    /// True for application/grpc, application/grpc+proto and either with parameters; not for grpc-web.
    /// </summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';' or ' ');
}
