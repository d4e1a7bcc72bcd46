using System.CommandLine;

namespace MeshOrleans.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class CliCommand(string name, string description, params IReadOnlyList<string> examples)
    : Command(name, description)
{
    /// <summary>Whole lines, as the user would type them after <c>meshctl</c>.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>A line below the examples; empty for none.</summary>
    public string Footer { get; init; } = "";
}
