using MeshOrleans.Grains.Stores;
using MeshOrleans.Silo.Storage;
using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Hosting;

/// <summary>Failures that pass by themselves: the store, or a silo, is away or busy. The same again may succeed.</summary>
internal static class PassingFailure
{
    /// <summary>Whether a failure is one of those.</summary>
    public static bool Is(Exception? exception) =>
        exception is not null
        && (exception is SqliteException or StorageException or StoreUnavailableException or TimeoutException
            || GrainEngine.IsUnsettled(exception)
            || Is(exception.InnerException));

    /// <summary>What is away, for whoever has to wait.</summary>
    public static string Reason(Exception? exception) => exception switch
    {
        null => "A silo does not answer.",
        StoreUnavailableException or StorageException => exception.Message,
        SqliteException => "The store does not answer.",
        _ => Reason(exception.InnerException),
    };
}
