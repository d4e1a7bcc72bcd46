using System.CommandLine;

namespace MeshOrleans.Cli.Commands.Peers;

/// <summary><c>meshctl peer remove</c>.</summary>
internal static class RemoveCommand
{
    public static Command Create(CommandScope scope)
    {
        var name = new Argument<string>("NAME") { Description = "What this mesh calls the other" };
        var command = new CliCommand(
            "remove",
            "End the link with another mesh: its services and its trust bundle go. "
            + "The other side keeps its half until it is removed there.",
            "peer remove west")
        {
            name,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var peer = parsed.GetRequiredValue(name);
            using var api = scope.Connect(parsed);
            await api.DeleteAsync($"/v1/peers/{Uri.EscapeDataString(peer)}", cancellationToken);
            await scope.Host.Out.WriteLineAsync($"{peer} removed");
            return ExitCode.Fine;
        });
        return command;
    }
}
