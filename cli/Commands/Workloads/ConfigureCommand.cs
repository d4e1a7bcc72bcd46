using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// <c>meshctl workload configure</c>: the file with which a sidecar joins by itself, or the folder with which a gRPC
/// program works without one.
/// </summary>
internal static class ConfigureCommand
{
    public static Command Create(CommandScope scope)
    {
        var member = new MemberOptions();
        var xds = new Option<string?>("--xds")
        {
            Description = "Where it connects: a sidecar to the TLS port, a gRPC program to the plaintext port "
                + "(what the control plane on this machine uses)",
            HelpName = "HOST:PORT",
        };
        var lifetime = CommonOptions.Lifetime();
        var file = CommonOptions.Text("--out", "FILE", "File for a sidecar (mode 0600: it holds a join token)");
        var folder = CommonOptions.Text(
            "--grpc", "DIR", "Folder for a gRPC program without sidecar: xDS bootstrap, key, certificate and roots");
        var command = new CliCommand(
            "configure",
            "Write a configuration with which a sidecar joins the mesh when it starts, or with which a gRPC program "
            + "that speaks xDS needs no sidecar. Nothing is registered.",
            "workload configure vm1 -n shop --service-account cart --address 10.0.0.7 --port http=8080 --out vm1.json",
            "workload configure cart-1 -n shop --address 10.0.0.8 --port grpc=7070 --label app=cart --grpc ./cart-1");
        member.AddTo(command);
        Option[] options = [xds, lifetime, file, folder];
        foreach (var option in options) command.Options.Add(option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = member.Read(parsed);
            var gateway = parsed.GetValue(xds);
            var grant = new TokenRequest(
                TokenRequest.Workload,
                request.Namespace,
                request.ServiceAccount,
                request.Group,
                TokenCommand.Seconds(parsed.GetValue(lifetime)));
            switch (parsed.GetValue(file), parsed.GetValue(folder))
            {
                case ({ } path, null):
                    gateway ??= GatewayOf(scope, parsed, address => address.Xds);
                    var token = await MintAsync(scope, parsed, grant, cancellationToken);
                    await Secrets.WriteAsync(path, SidecarFile.Write(request, gateway, token), cancellationToken);
                    await scope.Host.Out.WriteLineAsync(SidecarFile.Next(path));
                    return ExitCode.Fine;
                case (null, { } path):
                    gateway ??= GatewayOf(scope, parsed, address => address.XdsPlain);
                    var credential = await MintAsync(scope, parsed, grant, cancellationToken);
                    using (var api = scope.ConnectAs(parsed, credential, "a join token of its own"))
                    {
                        var next = await GrpcFolder.WriteAsync(path, request, gateway, api, cancellationToken);
                        await scope.Host.Out.WriteLineAsync(next);
                    }

                    return ExitCode.Fine;
                default:
                    throw CliException.Usage(
                        "one of --out FILE (for a sidecar) and --grpc DIR (without one) is needed");
            }
        });
        return command;
    }

    private static async Task<string> MintAsync(
        CommandScope scope, ParseResult parsed, TokenRequest grant, CancellationToken cancellationToken)
    {
        using var api = scope.Connect(parsed);
        var answer = await api.PostAsync("/v1/tokens", grant, ApiJson.Default.TokenRequest, cancellationToken);
        return answer.Read(ApiJson.Default.TokenAnswer).Token;
    }

    private static string GatewayOf(
        CommandScope scope, ParseResult parsed, Func<ControlPlaneAddress, string> port) =>
        port(scope.Address(parsed)) is { Length: > 0 } known
            ? known
            : throw CliException.Usage(
                "--xds HOST:PORT is needed: only the data folder of a control plane says where its gateway is");
}
