using System.CommandLine;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl validate</c>: are the manifests right?</summary>
internal static class ValidateCommand
{
    public static Command Create(CommandScope scope)
    {
        var files = CommonOptions.Files();
        var ns = CommonOptions.Namespace("Namespace of the resources that name none (default)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "validate",
            "Check manifests without applying them: a running control plane does it, by a dry run.",
            "validate -f reviews.yaml",
            "validate -f samples/manifests -o json")
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
        var warnings = answer.Warnings?.Count ?? 0;
        host.Out.WriteLine(warnings == 0 ? "valid" : $"valid, {warnings} warning{(warnings == 1 ? "" : "s")}");
    }
}
