using System.CommandLine;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary><c>meshctl workload list</c>.</summary>
internal static class ListCommand
{
    public static Command Create(CommandScope scope)
    {
        var ns = CommonOptions.Namespace("Only this namespace");
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "list", "List the members of the mesh and how they are.", "workload list", "workload list -n shop -o wide")
        {
            ns, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            await Listing.Workloads.ShowAsync(
                api, scope.Host, parsed.GetValue(format), parsed.GetValue(ns), cancellationToken);
            return ExitCode.Fine;
        });
        return command;
    }
}
