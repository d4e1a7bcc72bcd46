using System.CommandLine;
using MeshOrleans.Cli.Commands.Peers;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl peer</c>: federation with other meshes.</summary>
internal static class PeerCommand
{
    public static Command Create(CommandScope scope) => new CliCommand(
        "peer",
        "Link this mesh with others, each with its own root: exported services become callable from the other side.",
        "peer token --data ./data-west > west.token",
        "peer add west --address 127.0.0.1:15012 --peer-token west.token",
        "peer list")
    {
        TokenCommand.Create(scope),
        AddCommand.Create(scope),
        ListCommand.Create(scope),
        RemoveCommand.Create(scope),
    };
}
