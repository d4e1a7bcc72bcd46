using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl diff</c>: which resources a change set would touch.</summary>
internal static class DiffCommand
{
    public static Command Create(CommandScope scope) => DryRunCommand.Create(
        scope,
        "diff",
        "Show which resources the manifests would create (+) or update (~), by a dry run on the control plane.",
        Report);

    private static void Report(CliHost host, ApplyAnswer answer)
    {
        var changes = answer.Changes ?? [];
        foreach (var change in changes)
        {
            host.Out.WriteLine(Printable.Of($"{Mark(change)} {change.Kind} {change.Namespace}/{change.Name}"));
        }

        if (changes.Count == 0) host.Out.WriteLine("no changes");
    }

    private static char Mark(ChangeRow row) => row.Change switch
    {
        "created" => '+',
        "deleted" => '-',
        _ => '~',
    };
}
