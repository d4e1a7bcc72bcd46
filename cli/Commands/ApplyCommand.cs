using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl apply</c>: a change set, all or nothing.</summary>
internal static class ApplyCommand
{
    public static Command Create(CommandScope scope)
    {
        var files = CommonOptions.Files();
        var dryRun = new Option<bool>("--dry-run") { Description = "Check and report, but change nothing" };
        var reason = CommonOptions.Text("--reason", "TEXT", "Why, for the history");
        var expected = new Option<long?>("--if-revision")
        {
            Description = "Refuse unless this is still the newest revision",
            HelpName = "N",
        };
        var ns = CommonOptions.Namespace("Namespace of the resources that name none (default)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "apply",
            "Create or replace the resources of the manifests: all of them as one revision, or none.",
            "apply -f reviews.yaml",
            "apply -f samples/manifests --dry-run",
            "apply -f a.yaml -f b.yaml --reason \"more v2\"",
            "apply -n shop -f - < cart.yaml")
        {
            files, dryRun, reason, expected, ns, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new ManifestRequest(
                parsed.GetRequiredValue(files),
                parsed.GetValue(ns),
                parsed.GetValue(dryRun),
                parsed.GetValue(reason),
                parsed.GetValue(expected));
            using var api = scope.Connect(parsed);
            return await request.SendAsync(
                api,
                scope.Host,
                parsed.GetValue(format),
                answer => Report(scope.Host, answer, request.DryRun),
                cancellationToken);
        });
        return command;
    }

    private static void Report(CliHost host, ApplyAnswer answer, bool dryRun)
    {
        var changes = answer.Changes ?? [];
        foreach (var change in changes)
        {
            host.Out.WriteLine(Printable.Of($"{change.Kind} {change.Namespace}/{change.Name} {change.Change}"));
        }

        host.Out.WriteLine(
            changes.Count == 0 ? $"unchanged: revision {answer.Revision} stands"
            : dryRun ? $"dry run: {changes.Count} would change; nothing was changed"
            : $"revision {answer.Revision}");
    }
}
