using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Cli.Commands.Certificates;

/// <summary><c>meshctl certs revoke</c>.</summary>
internal static class RevokeCommand
{
    public static Command Create(CommandScope scope)
    {
        var serial = new Argument<string>("SERIAL")
        {
            Description = "The serial number of the certificate, hex: meshctl certs -o wide shows those in use",
        };
        var reason = new Option<string>("--reason")
        {
            Description = $"Why: {RevocationReasonNames.Sayable}",
            HelpName = "REASON",
            DefaultValueFactory = _ => RevocationReasonNames.NameOf(RevocationReason.Unspecified),
        };
        var command = new CliCommand(
            "revoke",
            "Have nobody believe a certificate any more: its connections are ended, and whoever has it needs a token to get "
            + "another one. It cannot be taken back. Stock Envoys learn of it when meshctl workload configure is run for them "
            + "again, gRPC programs without a sidecar not at all.",
            "certs revoke 5A0F3C2E9B7D41F08C6E2A1B3D4F5061 --reason key-compromise")
        {
            serial, reason,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!SerialNumber.TryParse(parsed.GetRequiredValue(serial), out var number))
            {
                throw CliException.Usage("SERIAL is a number in hex");
            }

            if (!RevocationReasonNames.TryParse(parsed.GetRequiredValue(reason), out var why))
            {
                throw CliException.Usage($"--reason is one of {RevocationReasonNames.Sayable}");
            }

            using var api = scope.Connect(parsed);
            var answer = await api.PostAsync(
                $"/v1/ca/revocations/{number}?reason={RevocationReasonNames.NameOf(why)}",
                new EmptyRequest(),
                ApiJson.Default.EmptyRequest,
                cancellationToken);
            var row = answer.Read(ApiJson.Default.RevocationRow);
            var whose = row.SpiffeId.Length > 0 ? row.SpiffeId : "nobody who is known (is it in meshctl certs -o wide?)";
            await scope.Host.Out.WriteLineAsync(Printable.Of(
                $"revoked {row.Serial} of {whose} ({row.Reason}); it is told of until {Ages.At(row.NotAfter)}"));
            return ExitCode.Fine;
        });
        return command;
    }
}
