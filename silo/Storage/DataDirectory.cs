namespace MeshOrleans.Silo.Storage;

/// <summary>The directory of one control plane: owner-only, and used by one process at a time.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int WouldBlock = 11; // EAGAIN, which .NET passes on when the file is locked
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _lock;

    private DataDirectory(string databasePath, FileStream @lock) => (DatabasePath, _lock) = (databasePath, @lock);

    /// <summary>The database file; it exists, but may be empty.</summary>
    public string DatabasePath { get; }

    /// <exception cref="StorageException">It cannot be made or written, or another process has it.</exception>
    public static DataDirectory Open(string path)
    {
        var database = Path.Combine(Path.GetFullPath(path), "mesh.db");
        FileStream? @lock = null;
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(path, OwnerFile | UnixFileMode.UserExecute);
            @lock = OpenFile(database + ".lock", FileShare.None); // the lock ends with the process, however that ends
            OpenFile(database, FileShare.ReadWrite).Dispose();
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(database, OwnerFile); // a copy may be readable by all
            return new DataDirectory(database, @lock);
        }
        catch (IOException exception) when (exception.HResult is WouldBlock or SharingViolation)
        {
            throw new StorageException(
                $"{database} is in use by another control plane; stop it, or choose another data directory.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            @lock?.Dispose();
            throw SqliteErrors.NotWritable(database, exception);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream OpenFile(string path, FileShare share)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = share,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerFile;
        return new FileStream(path, options);
    }
}
