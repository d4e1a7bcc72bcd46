using System.CommandLine;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl validate</c>: are the manifests right?</summary>
internal static class ValidateCommand
{
    public static Command Create(CommandScope scope) => DryRunCommand.Create(
        scope,
        "validate",
        "Check manifests without applying them: a running control plane does it, by a dry run.",
        Report);

    private static void Report(CliHost host, ApplyAnswer answer)
    {
        var warnings = answer.Warnings?.Count ?? 0;
        host.Out.WriteLine(warnings == 0 ? "valid" : $"valid, {warnings} warning{(warnings == 1 ? "" : "s")}");
    }
}
