using System.CommandLine;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands;

/// <summary>
/// A command that sends manifests to the control plane without applying them, and reports its answer.
/// </summary>
internal static class DryRunCommand
{
    public static Command Create(
        CommandScope scope, string name, string description, Action<CliHost, ApplyAnswer> report)
    {
        var files = CommonOptions.Files();
        var ns = CommonOptions.Namespace("Namespace of the resources that name none (default)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            name, description, $"{name} -f reviews.yaml", $"{name} -f samples/manifests -o json")
        {
            files, ns, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new ManifestRequest(parsed.GetRequiredValue(files), parsed.GetValue(ns), DryRun: true);
            using var api = scope.Connect(parsed);
            return await request.SendAsync(
                api, scope.Host, parsed.GetValue(format), answer => report(scope.Host, answer), cancellationToken);
        });
        return command;
    }
}
