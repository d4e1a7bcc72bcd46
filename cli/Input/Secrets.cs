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
    public static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            // Written aside and moved: an older file may be readable by others, and none is ever half written.
            var temporary = $"{path}.{Environment.ProcessId}.tmp";
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Mode;
            await using (var writer = new StreamWriter(temporary, options))
            {
                await writer.WriteAsync(text.AsMemory(), cancellationToken);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot write {path}: {exception.Message}");
        }
    }
}
