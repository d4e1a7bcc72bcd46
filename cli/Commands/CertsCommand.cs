using System.CommandLine;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl certs</c>: the certificates in use.</summary>
internal static class CertsCommand
{
    public static Command Create(CommandScope scope)
    {
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "certs",
            "List the certificate of every proxy: its identity, when it expires and when it is rotated.",
            "certs",
            "certs -o wide")
        {
            format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            await Listing.Identities.ShowAsync(api, scope.Host, parsed.GetValue(format), ns: null, cancellationToken);
            return ExitCode.Fine;
        });
        return command;
    }
}
