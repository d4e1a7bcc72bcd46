using MeshOrleans.Grains.Stores;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Silo.Storage;
using Microsoft.Data.Sqlite;

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
            !context.Response.HasStarted && (IsStoreFailure(exception) || IsGivenUp(exception, context)))
        {
            LogFailed(exception, context.Request.Method, context.Request.Path);
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            await Problems.Of(
                503, "The control plane cannot do this right now.", $"{Reason(exception)} Nothing was acknowledged; try again.")
                .ExecuteAsync(context);
        }
    }

    private static bool IsStoreFailure(Exception? exception) =>
        exception is not null
        && (exception is SqliteException or StorageException or StoreUnavailableException or TimeoutException
            || GrainEngine.IsUnsettled(exception)
            || IsStoreFailure(exception.InnerException));

    // The engine gives up what it cannot place in time; nobody but the caller cancels anything else.
    private static bool IsGivenUp(Exception exception, HttpContext context) =>
        exception is OperationCanceledException && !context.RequestAborted.IsCancellationRequested;

    private static string Reason(Exception? exception) => exception switch
    {
        null => "A silo does not answer.",
        StoreUnavailableException or StorageException => exception.Message,
        SqliteException => "The store does not answer.",
        _ => Reason(exception.InnerException),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} was answered with 503 because the store or a silo is away.")]
    private partial void LogFailed(Exception exception, string method, string path);
}
