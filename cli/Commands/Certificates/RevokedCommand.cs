using System.CommandLine;

namespace MeshOrleans.Cli.Commands.Certificates;

/// <summary><c>meshctl certs revoked</c>.</summary>
internal static class RevokedCommand
{
    public static Command Create(CommandScope scope)
    {
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "revoked",
            "List the certificates that were revoked one by one and have not ended yet. Those of a plugged-in ca-crl.pem are not "
            + "among them: GET /v1/ca/crl has all lists.",
            "certs revoked",
            "certs revoked -o json")
        {
            format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            await Listing.Revoked.ShowAsync(api, scope.Host, parsed.GetValue(format), ns: null, cancellationToken);
            return ExitCode.Fine;
        });
        return command;
    }
}
