using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary><c>meshctl workload configure</c>: the file with which a sidecar joins by itself.</summary>
internal static class ConfigureCommand
{
    public static Command Create(CommandScope scope)
    {
        var member = new MemberOptions();
        var xds = new Option<string?>("--xds")
        {
            Description = "Where the sidecar connects (what the control plane on this machine uses)",
            HelpName = "HOST:PORT",
        };
        var lifetime = CommonOptions.Lifetime();
        var file = new Option<string>("--out")
        {
            Description = "File to write (mode 0600: it holds a join token)",
            HelpName = "FILE",
            Required = true,
        };
        var command = new CliCommand(
            "configure",
            "Write a configuration with which a sidecar joins the mesh when it starts. Nothing is registered before.",
            "workload configure vm1 -n shop --service-account cart --address 10.0.0.7 --port http=8080 --out vm1.json");
        member.AddTo(command);
        command.Options.Add(xds);
        command.Options.Add(lifetime);
        command.Options.Add(file);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = member.Read(parsed);
            var grant = new TokenRequest(
                TokenRequest.Workload,
                request.Namespace,
                request.ServiceAccount,
                request.Group,
                TokenCommand.Seconds(parsed.GetValue(lifetime)));
            var gateway = parsed.GetValue(xds) ?? GatewayOf(scope, parsed);
            using var api = scope.Connect(parsed);
            var answer = await api.PostAsync("/v1/tokens", grant, ApiJson.Default.TokenRequest, cancellationToken);
            var token = answer.Read(ApiJson.Default.TokenAnswer);
            var path = parsed.GetRequiredValue(file);
            await Secrets.WriteAsync(path, SidecarFile.Write(request, gateway, token.Token), cancellationToken);
            await scope.Host.Out.WriteLineAsync(SidecarFile.Next(path));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string GatewayOf(CommandScope scope, ParseResult parsed) =>
        scope.Address(parsed) is { Xds: { Length: > 0 } known }
            ? known
            : throw CliException.Usage(
                "--xds HOST:PORT is needed: only the data folder of a control plane says where its gateway is");
}
