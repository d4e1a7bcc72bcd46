namespace MeshOrleans.Model.Evaluation;

/// <summary>Tells gRPC calls from other requests.</summary>
public static class GrpcRequest
{
    private const string ContentType = "application/grpc";

    /// <summary>True for <c>application/grpc</c> and its <c>+proto</c> kin.</summary>
    public static bool IsGrpc<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct
    {
        var type = view.Header("content-type");
        return type.Count == 1 && IsGrpc(type[0]);
    }

    /// <summary>True for <c>application/grpc</c> and its <c>+proto</c> kin.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    /// <summary>The gRPC status that a proxy's own answer of an HTTP status has for a gRPC caller.</summary>
    /// <remarks>Source: grpc/grpc, doc/http-grpc-status-mapping.md.</remarks>
    public static int StatusOf(int httpStatus) => httpStatus switch
    {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 or 502 or 503 or 504 => 14,
        _ => 2,
    };
}
