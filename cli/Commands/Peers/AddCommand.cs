using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Peers;

/// <summary><c>meshctl peer add</c>: links this mesh with another.</summary>
internal static class AddCommand
{
    public static Command Create(CommandScope scope)
    {
        var name = new Argument<string>("NAME") { Description = "What this mesh calls the other" };
        var address = new Option<string>("--address")
        {
            Description = "The other control plane's TLS port (15012)",
            HelpName = "HOST:PORT",
            Required = true,
        };
        var token = new Option<string>("--peer-token")
        {
            Description = "File with a token of the other mesh (- for standard input): 'meshctl peer token' there",
            HelpName = "FILE",
            Required = true,
        };
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "add",
            "Link this mesh with another: trust bundles are exchanged and exported services imported, both ways.",
            "peer add west --address west.example:15012 --peer-token west.token",
            "peer add west --address west.example:15012 --peer-token - < west.token")
        {
            name, address, token, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var secret = await Secrets.ReadTokenAsync(
                parsed.GetRequiredValue(token), "--peer-token", scope.Host, cancellationToken);
            var request = new PeerRequest(parsed.GetRequiredValue(name), parsed.GetRequiredValue(address), secret);
            using var api = scope.Connect(parsed);
            var answer = await api.PostAsync("/v1/peers", request, ApiJson.Default.PeerRequest, cancellationToken);
            if (Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer)) return ExitCode.Fine;
            var peer = answer.Read(ApiJson.Default.PeerAnswer);
            await scope.Host.Out.WriteLineAsync(
                Printable.Of($"linked with {peer.Name}, trust domain {peer.TrustDomain}"));
            return ExitCode.Fine;
        });
        return command;
    }
}
