using System.CommandLine;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary><c>meshctl workload remove</c>.</summary>
internal static class RemoveCommand
{
    public static Command Create(CommandScope scope)
    {
        var name = new Argument<string>("NAME") { Description = "Name of the workload" };
        var ns = CommonOptions.Namespace("Its namespace (default)");
        var command = new CliCommand(
            "remove",
            "Take a member out of the mesh at once. A sidecar that still runs registers it again: end that first.",
            "workload remove vm1 -n shop")
        {
            name, ns,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var space = parsed.GetValue(ns) ?? CommonOptions.DefaultNamespace;
            var workload = parsed.GetRequiredValue(name);
            var path = $"/v1/workloads/{Uri.EscapeDataString(space)}/{Uri.EscapeDataString(workload)}";
            using var api = scope.Connect(parsed);
            await api.DeleteAsync(path, cancellationToken);
            await scope.Host.Out.WriteLineAsync($"{space}/{workload} removed");
            return ExitCode.Fine;
        });
        return command;
    }
}
