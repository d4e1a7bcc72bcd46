using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Silo.Hosting;

/// <summary>Files that only their owner may read, replaced as a whole or not at all.</summary>
internal static partial class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a directory that only its owner may enter; an existing one keeps its mode.</summary>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Writes the text with mode 0600, syncs it to disk and then puts it in place.</summary>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>The same with a text of which no copy is to stay in memory.</summary>
    public static void Write(string path, SecretText text) => Cleared(text, bytes =>
    {
        Write(path, bytes);
        return true;
    });

    /// <summary>Writes a file that must not exist yet with mode 0600 and syncs it to disk.</summary>
    public static void WriteNew(string path, string text) => WriteNew(path, Encoding.UTF8.GetBytes(text));

    private static void Write(string path, byte[] content)
    {
        var draft = path + ".new";
        File.Delete(draft);
        WriteNew(draft, content);
        File.Move(draft, path, overwrite: true);
    }

    private static void WriteNew(string path, byte[] content)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, // a buffer would keep a copy
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using var stream = new FileStream(path, options);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    private static bool Cleared(SecretText text, Func<byte[], bool> write)
    {
        var bytes = text.ToBytes();
        try
        {
            return write(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>
    /// Makes a file with mode 0600 that is whole from the moment it is there; of several that begin at once, in this
    /// process or others, exactly one makes it.
    /// </summary>
    /// <returns>False when it was there already.</returns>
    public static bool TryCreate(string path, string text) => TryCreate(path, Encoding.UTF8.GetBytes(text));

    /// <summary>The same with a text of which no copy is to stay in memory.</summary>
    public static bool TryCreate(string path, SecretText text) => Cleared(text, bytes => TryCreate(path, bytes));

    private static bool TryCreate(string path, byte[] content)
    {
        var draft = $"{path}.{Guid.NewGuid():N}.new"; // its own name: others may be writing theirs
        WriteNew(draft, content);
        try
        {
            return TryPlace(draft, path);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    // File.Move without overwriting first looks and then moves: two may both see nothing. A hard link is one step.
    private static bool TryPlace(string draft, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            if (File.Exists(path)) return false;
            File.Move(draft, path, overwrite: false);
            return true;
        }

        if (Link(draft, path) == 0) return true;
        return File.Exists(path)
            ? false
            : throw new IOException($"{path} cannot be made: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string oldPath, string newPath);

    /// <summary>
    /// Takes an existing file from everybody but its owner, where that can be done: one that is mounted is the matter
    /// of whoever mounts it.
    /// </summary>
    public static void TryRestrict(string path)
    {
        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & ~OwnerOnly) == 0) return;
        try
        {
            Restrict(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Takes an existing file from everybody but its owner: a copy may have become readable by all.</summary>
    public static void Restrict(string path)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly);
    }
}
