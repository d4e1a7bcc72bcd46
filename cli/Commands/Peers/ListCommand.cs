using System.CommandLine;

namespace MeshOrleans.Cli.Commands.Peers;

/// <summary><c>meshctl peer list</c>.</summary>
internal static class ListCommand
{
    public static Command Create(CommandScope scope)
    {
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "list",
            "List the linked meshes: how fresh each is, how many services it gives and takes.",
            "peer list",
            "peer list -o wide")
        {
            format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            await Listing.Peers.ShowAsync(api, scope.Host, parsed.GetValue(format), ns: null, cancellationToken);
            return ExitCode.Fine;
        });
        return command;
    }
}
