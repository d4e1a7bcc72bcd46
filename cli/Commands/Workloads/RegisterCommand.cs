using System.CommandLine;
using System.Text.Json;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary><c>meshctl workload register</c>: a member at once, kept alive by its sidecar.</summary>
internal static class RegisterCommand
{
    public static Command Create(CommandScope scope)
    {
        var member = new MemberOptions();
        var joinToken = new Option<string?>("--join-token")
        {
            Description = "File with a join token (- for standard input), instead of the admin credential",
            HelpName = "FILE",
        };
        var file = CommonOptions.Text(
            "--out", "FILE", "File for the sidecar's configuration (mode 0600: it holds a token)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "register",
            "Make a workload a member now. Its lease runs: start its sidecar with the file written by --out, "
            + "or renew it over REST.",
            "workload register vm1 -n shop --address 10.0.0.7 --port http=8080 --label app=cart --out vm1.json",
            "workload register vm1 --address 10.0.0.7 --port http=8080 --join-token cart.token -o json");
        member.AddTo(command);
        command.Options.Add(joinToken);
        command.Options.Add(file);
        command.Options.Add(format);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = member.Read(parsed);
            using var api = parsed.GetValue(joinToken) is { } path
                ? scope.ConnectAs(
                    parsed, await Secrets.ReadTokenAsync(path, "--join-token", scope.Host, cancellationToken), path)
                : scope.Connect(parsed);
            var answer = await api.PostAsync(
                "/v1/workloads", request, ApiJson.Default.WorkloadRequest, cancellationToken);
            var config = parsed.GetValue(file);
            if (config is not null) await WriteConfigAsync(answer, config, cancellationToken);
            if (!Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer)) Report(scope.Host, answer, config);
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task WriteConfigAsync(ApiAnswer answer, string path, CancellationToken cancellationToken)
    {
        var config = answer.Read(ApiJson.Default.WorkloadAnswer).SidecarConfig;
        if (config.ValueKind is not JsonValueKind.Object)
        {
            throw new CliException("the control plane's answer has no sidecarConfig");
        }

        await Secrets.WriteAsync(path, config.GetRawText() + "\n", cancellationToken);
    }

    private static void Report(CliHost host, ApiAnswer answer, string? config)
    {
        var joined = answer.Read(ApiJson.Default.WorkloadAnswer);
        var what = joined.Created ? "joined" : "was a member already and is renewed";
        host.Out.WriteLine(Printable.Of($"{joined.Id} {what} as {joined.SpiffeId}"));
        host.Out.WriteLine(Printable.Of(
            $"its lease lasts {joined.LeaseSeconds:0.#} s without a sign of life; its gateway is {joined.Xds}"));
        if (config is not null) host.Out.WriteLine(SidecarFile.Next(config));
    }
}
