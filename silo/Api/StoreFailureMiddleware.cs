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
            LogFailed(exception, context.Request.Method, context.Request.Path);
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            await Problems.Of(
                503, "The control plane cannot do this right now.", $"{PassingFailure.Reason(exception)} Nothing was acknowledged; try again.")
                .ExecuteAsync(context);
        }
    }

    // The engine gives up what it cannot place in time; nobody but the caller cancels anything else.
    private static bool IsGivenUp(Exception exception, HttpContext context) =>
        exception is OperationCanceledException && !context.RequestAborted.IsCancellationRequested;

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} was answered with 503 because the store or a silo is away.")]
    private partial void LogFailed(Exception exception, string method, string path);
}
