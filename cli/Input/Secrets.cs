using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Cli.Input;

/// <summary>Secrets go through files, never through arguments: those are visible to everybody on the machine.</summary>
internal static class Secrets
{
    /// <summary>Reads a token from a file or, with <c>-</c>, from standard input.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static async Task<string> ReadTokenAsync(
        string path, string flag, CliHost host, CancellationToken cancellationToken)
    {
        var text = (await BoundedText.ReadAsync(path, host, cancellationToken)).Trim();
        return text.Length is > 0 and <= 4096 && text.All(c => c is > ' ' and < (char)0x7f)
            ? text
            : throw new CliException($"{flag}: {path} does not hold a token");
    }

    /// <summary>Writes a file that only its owner may read.</summary>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static Task WriteAsync(string path, string text, CancellationToken cancellationToken) =>
        WriteAsync(path, Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <summary>Writes a private key, and a new line behind it, into a file that only its owner may read.</summary>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static async Task WriteKeyAsync(string path, SecretText key, CancellationToken cancellationToken)
    {
        var text = new char[key.Length + 1];
        key.Span.CopyTo(text);
        text[^1] = '\n';
        using var line = SecretText.Take(text);
        var bytes = line.ToBytes();
        try
        {
            await WriteAsync(path, bytes, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static async Task WriteAsync(string path, byte[] content, CancellationToken cancellationToken)
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            // Written aside and moved: an older file may be readable by others, and none is ever half written. What a
            // killed run has left of the same name may be, too.
            var temporary = $"{path}.{Environment.ProcessId}.tmp";
            File.Delete(temporary);
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, // a buffer would keep a copy
            };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Mode;
            await using (var file = new FileStream(temporary, options))
            {
                await file.WriteAsync(content, cancellationToken);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot write {path}: {exception.Message}");
        }
    }
}
