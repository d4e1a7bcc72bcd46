namespace MeshOrleans.Cli;

/// <summary>What the process answers to its caller.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>What was asked for was understood and did not succeed.</summary>
    public const int Failed = 1;

    /// <summary>The command line was not understood.</summary>
    public const int Usage = 2;

    /// <summary>The question was answered, and something is wrong (as istioctl answers it).</summary>
    public const int Issues = 79;
}
