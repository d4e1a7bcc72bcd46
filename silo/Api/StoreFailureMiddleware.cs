using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// A call that failed because the store, or a silo, is away is 503 with Retry-After, not 500: the caller may simply try
/// again.
/// </summary>
internal sealed partial class StoreFailureMiddleware(RequestDelegate next, ILogger<StoreFailureMiddleware> logger)
{
    private const string RetryAfterSeconds = "2";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (
            !context.Response.HasStarted && (PassingFailure.Is(exception) || IsGivenUp(exception, context)))
        {
            LogFailed(context.Request.Method, context.Request.Path, exception.GetType().Name, exception.Message);
            LogTrace(exception);
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            await Problems.Of(
                503,
                "The control plane cannot do this right now.",
                $"{PassingFailure.Reason(exception)} Nothing was acknowledged; try again.")
                .ExecuteAsync(context);
        }
    }

    // The engine gives up what it cannot place in time; nobody but the caller cancels anything else.
    private static bool IsGivenUp(Exception exception, HttpContext context) =>
        exception is OperationCanceledException && !context.RequestAborted.IsCancellationRequested;

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Method} {Path} was answered with 503 because the store or a silo is away: {Kind}: {Reason}")]
    private partial void LogFailed(string method, string path, string kind, string reason);

    // Traces of hundreds of calls that fail for one reason cost more than all else that is done about it.
    [LoggerMessage(Level = LogLevel.Debug, Message = "The trace of the failure above.")]
    private partial void LogTrace(Exception exception);
}
