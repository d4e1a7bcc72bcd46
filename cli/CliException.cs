namespace MeshOrleans.Cli;

/// <summary>Ends the command; the message is for the user and says what to do next.</summary>
internal sealed class CliException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    public int Code { get; } = exitCode;

    /// <summary>The command line was not understood.</summary>
    public static CliException Usage(string message) => new(message, ExitCode.Usage);
}
