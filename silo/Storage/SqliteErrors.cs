using Microsoft.Data.Sqlite;

namespace MeshOrleans.Silo.Storage;

/// <summary>SQLite's result codes in words an operator can act on.</summary>
internal static class SqliteErrors
{
    private const int Busy = 5;
    private const int NoMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    /// <summary>Whether the whole transaction is lost, and not only the statement.</summary>
    public static bool EndsTransaction(SqliteException exception) => exception.SqliteErrorCode
        is Busy or NoMemory or ReadOnly or InputOutput or Corrupt or Full or CannotOpen or NotADatabase;

    /// <summary>Whether the disk is full, and nothing else is wrong.</summary>
    public static bool IsFull(SqliteException exception) => exception.SqliteErrorCode is Full;

    public static Exception Explain(SqliteException exception, string path) => exception.SqliteErrorCode switch
    {
        Busy => new StorageException(
            $"{path} is locked by another program (a database tool?); end that program.", exception),
        ReadOnly or CannotOpen => NotWritable(path, exception),
        Full => new StorageException(
            $"{path} cannot grow: the disk is full; free some space, nothing that was saved is lost.", exception),
        InputOutput => new StorageException(
            $"{path} cannot be read or written ({exception.Message}); check the disk.", exception),
        Corrupt or NotADatabase => Damaged(path, exception.Message, exception),
        _ => exception,
    };

    public static StorageException NotWritable(string path, Exception exception) => new(
        $"{path} is not writable ({exception.Message}); make its directory writable for this user, "
        + "or choose another data directory.",
        exception);

    public static StorageException Damaged(string path, string finding, Exception? exception = null) => new(
        $"{path} is damaged ({finding}); it was left as it is. Restore it from a backup, or move it away to begin "
        + "with an empty mesh.",
        exception);
}
