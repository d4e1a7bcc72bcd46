using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Serves gRPC methods over Kestrel's HTTP/2.</summary>
public static class GrpcEndpointExtensions
{
    /// <summary>
    /// Maps a method whose handler reads and writes as it likes; the call ends when the handler does.
    /// </summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="method"><c>/package.Service/Method</c>.</param>
    /// <param name="handler">
    /// Serves one call. A <see cref="GrpcException"/> ends it with that status; any other exception is logged and ends
    /// it with <see cref="GrpcStatusCode.Internal"/>.
    /// </param>
    /// <param name="maxMessageSize">Bound of one received message, in bytes.</param>
    public static IEndpointConventionBuilder MapGrpc(
        this IEndpointRouteBuilder endpoints,
        string method,
        Func<GrpcServerCall, Task> handler,
        int maxMessageSize = GrpcLimits.DefaultMaxMessageSize)
    {
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger<GrpcEndpoint>();
        return endpoints.MapPost(method, new GrpcEndpoint(handler, maxMessageSize, logger).InvokeAsync);
    }

    /// <summary>Maps a method that takes one message and answers with one.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="method"><c>/package.Service/Method</c>.</param>
    /// <param name="parser">Reads the request.</param>
    /// <param name="handler">Serves one call; ends as with <see cref="MapGrpc"/>.</param>
    /// <param name="maxMessageSize">Bound of the request, in bytes.</param>
    public static IEndpointConventionBuilder MapGrpcUnary<TRequest, TResponse>(
        this IEndpointRouteBuilder endpoints,
        string method,
        MessageParser<TRequest> parser,
        Func<TRequest, GrpcServerCall, Task<TResponse>> handler,
        int maxMessageSize = GrpcLimits.DefaultMaxMessageSize)
        where TRequest : class, IMessage<TRequest>
        where TResponse : IMessage =>
        endpoints.MapGrpc(method, call => UnaryAsync(parser, handler, call), maxMessageSize);

    /// <summary>
    /// Answers every gRPC call that nothing else is mapped to; other requests get a 404 as if this were not here.
    /// </summary>
    public static IEndpointConventionBuilder MapGrpcUnimplemented(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/{service}/{method}", RefuseAsync).WithOrder(int.MaxValue);

    private static async Task UnaryAsync<TRequest, TResponse>(
        MessageParser<TRequest> parser, Func<TRequest, GrpcServerCall, Task<TResponse>> handler, GrpcServerCall call)
        where TRequest : class, IMessage<TRequest>
        where TResponse : IMessage
    {
        var request = await call.ReadAsync(parser, call.CancellationToken)
            ?? throw new GrpcException(GrpcStatusCode.Internal, "The call carries no message.");
        var response = await handler(request, call);
        await call.WriteAsync(response, call.CancellationToken);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        if (!GrpcHeaders.IsGrpc(context.Request.ContentType))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return GrpcEndpoint.EndAsync(
            context, new GrpcStatus(GrpcStatusCode.Unimplemented, $"There is no method {context.Request.Path} here."));
    }
}
