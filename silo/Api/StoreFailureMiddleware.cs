using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// A write that the store did not take is 503 with Retry-After, not 500: the caller may simply try again.
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
        catch (Exception exception) when (!context.Response.HasStarted && IsStoreFailure(exception))
        {
            LogFailed(exception, context.Request.Method, context.Request.Path);
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            await Problems.Of(
                503, "The store does not answer.", "Nothing was acknowledged; try again.").ExecuteAsync(context);
        }
    }

    private static bool IsStoreFailure(Exception? exception) =>
        exception is not null
        && (exception is SqliteException or TimeoutException || IsStoreFailure(exception.InnerException));

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} was answered with 503 because the store failed.")]
    private partial void LogFailed(Exception exception, string method, string path);
}
