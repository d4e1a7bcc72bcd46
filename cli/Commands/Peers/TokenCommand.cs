using System.CommandLine;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands.Peers;

/// <summary><c>meshctl peer token</c>: what lets another mesh link with this one.</summary>
internal static class TokenCommand
{
    public static Command Create(CommandScope scope)
    {
        var lifetime = CommonOptions.Lifetime();
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "token",
            "Mint a token with which one other mesh may link with this one, once. Give it to that mesh's operator.",
            "peer token > this-mesh.token",
            "peer token --lifetime 10m -o json")
        {
            lifetime, format,
        };
        command.SetAction((parsed, cancellationToken) => Workloads.TokenCommand.MintAsync(
            scope,
            parsed,
            new TokenRequest(
                TokenRequest.Peer, LifetimeSeconds: Workloads.TokenCommand.Seconds(parsed.GetValue(lifetime))),
            parsed.GetValue(format),
            cancellationToken));
        return command;
    }
}
