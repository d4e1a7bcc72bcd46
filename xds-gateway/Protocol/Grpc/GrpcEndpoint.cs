using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>Runs one method's handler for each HTTP/2 stream and turns its end into a status.</summary>
internal sealed partial class GrpcEndpoint(Func<GrpcServerCall, Task> handler, int maxMessageSize, ILogger logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!IsAcceptable(context)) return;
        LiftStreamLimits(context);
        var timeout = Timeout.InfiniteTimeSpan;
        if (context.Request.Headers[GrpcHeaders.Timeout].ToString() is { Length: > 0 } text
            && !GrpcTimeout.TryParse(text, out timeout))
        {
            await EndAsync(
                context, new GrpcStatus(GrpcStatusCode.InvalidArgument, "The value of grpc-timeout is malformed."));
            return;
        }

        if (await RunAsync(context, timeout) is { } status) await EndAsync(context, status);
    }

    /// <summary>
    /// Ends a call: in the headers when nothing was sent yet ("trailers-only"), else in the trailers.
    /// </summary>
    internal static async Task EndAsync(HttpContext context, GrpcStatus status)
    {
        var response = context.Response;
        var target = response.Headers;
        if (response.HasStarted)
        {
            target = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
            if (target is null or { IsReadOnly: true }) return; // the stream is gone: nobody to tell
        }
        else
        {
            response.ContentType = GrpcHeaders.ContentType;
            target[GrpcHeaders.AcceptEncoding] = GrpcHeaders.Identity;
        }

        target[GrpcHeaders.Status] = ((int)status.Code).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (status.RetryAfter is { } retryAfter)
        {
            target[GrpcHeaders.RetryPushback] = ((long)Math.Ceiling(retryAfter.TotalMilliseconds)).ToString(
                System.Globalization.CultureInfo.InvariantCulture);
        }

        if (status.Message.Length > 0) target[GrpcHeaders.Message] = GrpcMessageText.Encode(status.Message);
        await response.CompleteAsync();
    }

    private static bool IsAcceptable(HttpContext context)
    {
        var refusal =
            !HttpProtocol.IsHttp2(context.Request.Protocol) ? StatusCodes.Status426UpgradeRequired
            : !GrpcHeaders.IsGrpc(context.Request.ContentType) ? StatusCodes.Status415UnsupportedMediaType
            : StatusCodes.Status200OK;
        context.Response.StatusCode = refusal;
        return refusal == StatusCodes.Status200OK;
    }

    /// <summary>
    /// Kestrel resets the whole connection when a body is idle for 5 s, or when all bodies of a stream's life exceed
    /// 30 MB: right for uploads, wrong for calls that stay open for months. Messages are bounded one by one instead.
    /// The rate of responses cannot be lifted here: for HTTP/2 it is a limit of the whole server.
    /// </summary>
    private static void LiftStreamLimits(HttpContext context)
    {
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } request) request.MinDataRate = null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }

    /// <summary>The status to send; null when the caller is gone.</summary>
    private async Task<GrpcStatus?> RunAsync(HttpContext context, TimeSpan timeout)
    {
        var clock = context.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System;
        using var deadline = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        try
        {
            await handler(new GrpcServerCall(context, maxMessageSize, either.Token));
            return GrpcStatus.Ok;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
        catch (GrpcException exception)
        {
            if (exception.InnerException is { } inner) LogRefused(inner, context.Request.Path, exception.Status.Code);
            return exception.Status;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new GrpcStatus(GrpcStatusCode.DeadlineExceeded, "The deadline of the call has passed.");
        }
        catch (Exception exception)
        {
            LogFailed(exception, context.Request.Path);
            return new GrpcStatus(GrpcStatusCode.Internal, "The call failed in the server; its log says why.");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A call of {Method} ended with {Code}.")]
    private partial void LogRefused(Exception exception, string method, GrpcStatusCode code);

    [LoggerMessage(Level = LogLevel.Error, Message = "A call of {Method} failed; the call ended, the server goes on.")]
    private partial void LogFailed(Exception exception, string method);
}
