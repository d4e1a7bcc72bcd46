using System.Text;

namespace MeshOrleans.Cli.Input;

/// <summary>Reads text from files and standard input, up to a bound: <c>-f /dev/zero</c> must end.</summary>
internal static class BoundedText
{
    /// <summary>The name by which a command line means standard input.</summary>
    public const string StandardInput = "-";

    private const int MaxBytes = 32 << 20;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="CliException">The file cannot be read, is too large or is not UTF-8.</exception>
    public static async Task<string> ReadAsync(string path, CliHost host, CancellationToken cancellationToken)
    {
        try
        {
            if (path == StandardInput) return await ReadAsync(host.In, "standard input", cancellationToken);
            await using var file = File.OpenRead(path);
            return await ReadAsync(file, path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {path}: {exception.Message}");
        }
    }

    private static async Task<string> ReadAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var buffer = new byte[81920];
        for (int count; (count = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            content.Write(buffer, 0, count);
            if (content.Length > MaxBytes) throw new CliException($"{name} is larger than {MaxBytes >> 20} MiB");
        }

        try
        {
            return Strict.GetString(content.GetBuffer(), 0, (int)content.Length).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new CliException($"{name} is not UTF-8 text");
        }
    }
}
