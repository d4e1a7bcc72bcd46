using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Mtls;

/// <summary><c>meshctl mtls forget</c>: callers that have been taken care of.</summary>
internal static class ForgetCommand
{
    public static Command Create(CommandScope scope)
    {
        var name = new Argument<string>("NS") { Description = "The namespace of the workloads that were called" };
        var caller = CommonOptions.Text("--caller", "ADDRESS", "The caller's IP address (all callers)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "forget",
            "Forget plaintext callers as they were seen until now, once they have been taken care of. Who comes "
                + "again, or is still connected, is shown again.",
            "mtls forget shop --caller 10.0.0.7",
            "mtls forget shop")
        {
            name, caller, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var path = Query.Append(
                "/v1/mtls/callers", ("ns", parsed.GetRequiredValue(name)), ("address", parsed.GetValue(caller)));
            var answer = await api.DeleteAsync(path, cancellationToken);
            if (Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer)) return ExitCode.Fine;
            var count = answer.Read(ApiJson.Default.ForgetAnswer).Forgotten;
            await scope.Host.Out.WriteLineAsync(count == 1 ? "1 caller forgotten" : $"{count} callers forgotten");
            return ExitCode.Fine;
        });
        return command;
    }
}
