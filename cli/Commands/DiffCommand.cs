using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl diff</c>: which resources a change set would touch.</summary>
internal static class DiffCommand
{
    public static Command Create(CommandScope scope)
    {
        var files = CommonOptions.Files();
        var ns = CommonOptions.Namespace("Namespace of the resources that name none (default)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "diff",
            "Show which resources the manifests would create (+) or update (~), by a dry run on the control plane.",
            "diff -f reviews.yaml",
            "diff -f samples/manifests -o json")
        {
            files, ns, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new ManifestRequest(parsed.GetRequiredValue(files), parsed.GetValue(ns), DryRun: true);
            using var api = scope.Connect(parsed);
            return await request.SendAsync(
                api, scope.Host, parsed.GetValue(format), answer => Report(scope.Host, answer), cancellationToken);
        });
        return command;
    }

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
