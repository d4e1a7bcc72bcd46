using System.Text;

namespace MeshOrleans.Cli;

/// <summary>Everything around a run of <c>meshctl</c>: its streams, its environment and its clock.</summary>
/// <param name="Out">What was asked for.</param>
/// <param name="Error">Everything else: warnings, hints, what went wrong.</param>
/// <param name="In">Read where a file is called <c>-</c>.</param>
/// <param name="Variable">The environment.</param>
/// <param name="Clock">For ages.</param>
/// <param name="TerminalWidth">Columns of the terminal that <paramref name="Out"/> is; null when it is none.</param>
internal sealed record CliHost(
    TextWriter Out,
    TextWriter Error,
    Stream In,
    Func<string, string?> Variable,
    TimeProvider Clock,
    int? TerminalWidth)
{
    private const int NarrowestTerminal = 40;

    /// <summary>The process's own surroundings.</summary>
    public static CliHost OfProcess() => new(
        // Buffered: a listing of thousands of rows is not thousands of writes.
        new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), bufferSize: 16384),
        Console.Error,
        Console.OpenStandardInput(),
        Environment.GetEnvironmentVariable,
        TimeProvider.System,
        Console.IsOutputRedirected ? null : Math.Max(Console.WindowWidth, NarrowestTerminal));
}
