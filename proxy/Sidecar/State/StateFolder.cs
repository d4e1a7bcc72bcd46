using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Sidecar.State;

/// <summary>The directory that outlives the process: mode 0700, its files 0600, each replaced in one step.</summary>
/// <remarks>One process at a time: two would swap each other's keys.</remarks>
internal sealed class StateFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int BufferSize = 4096;
    private readonly FileStream _lock;

    /// <summary>Creates the directory where it is missing and takes it for this process.</summary>
    /// <exception cref="SettingsException">It cannot be used, or another process uses it.</exception>
    public StateFolder(string path)
    {
        Path = path;
        try
        {
            Directory.CreateDirectory(path);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.UserExecute);
            _lock = new FileStream(PathOf("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new SettingsException($"--state-dir {path} cannot be used: {exception.Message}");
        }
        catch (IOException exception)
        {
            throw new SettingsException(
                $"--state-dir {path} cannot be used, perhaps by another sidecar: {exception.Message}");
        }
    }

    public string Path { get; }

    public string PathOf(string file) => System.IO.Path.Combine(Path, file);

    /// <summary>The bytes of a file, or null where there is none, or more than <paramref name="most"/>.</summary>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public byte[]? Read(string file, long most)
    {
        var info = new FileInfo(PathOf(file));
        if (!info.Exists) return null;
        if (info.Length > most)
        {
            throw new IOException($"{info.FullName} has {info.Length} bytes; at most {most} are expected.");
        }

        return File.ReadAllBytes(info.FullName);
    }

    /// <summary>Replaces a file: whoever reads sees the old one or the new one, also after a power cut.</summary>
    public void Write(string file, Action<Stream> write) => Write(file, write, BufferSize);

    /// <summary>The same with one content, of which no copy stays in memory.</summary>
    public void Write(string file, byte[] content) => Write(file, stream => stream.Write(content), bufferSize: 0);

    private void Write(string file, Action<Stream> write, int bufferSize)
    {
        var temporary = PathOf(file + ".new");
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = bufferSize,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var stream = new FileStream(temporary, options))
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(stream.SafeFileHandle, OwnerOnly);
            write(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, PathOf(file), overwrite: true);
    }

    public void Dispose() => _lock.Dispose();
}
