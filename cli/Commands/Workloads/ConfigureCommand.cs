using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// <c>meshctl workload configure</c>: the file with which a sidecar joins by itself, or the folder with which a gRPC
/// program works without one, or a stock Envoy in its place.
/// </summary>
internal static class ConfigureCommand
{
    public static Command Create(CommandScope scope)
    {
        var member = new MemberOptions();
        var xds = new Option<string?>("--xds")
        {
            Description = "Where it connects: a sidecar or Envoy to the TLS port, a gRPC program to the plaintext port "
                + "(what the control plane on this machine uses)",
            HelpName = "HOST:PORT",
        };
        var lifetime = CommonOptions.Lifetime();
        var file = CommonOptions.Text("--out", "FILE", "File for a sidecar (mode 0600: it holds a join token)");
        var folder = CommonOptions.Text(
            "--grpc", "DIR", "Folder for a gRPC program without sidecar: xDS bootstrap, key, certificate and roots");
        var envoy = CommonOptions.Text(
            "--envoy", "DIR", "Folder for a stock Envoy as sidecar: its bootstrap, key, certificate and roots");
        var command = new CliCommand(
            "configure",
            "Write a configuration with which a sidecar joins the mesh when it starts, with which a stock Envoy does, "
            + "or with which a gRPC program that speaks xDS needs no sidecar. Nothing is registered. A sidecar whose certificate has "
            + "ended while nobody signed asks for the next one by its key, where the access file lets it "
            + "(attestation.endedCertificates); else it needs a new file.",
            "workload configure vm1 -n shop --service-account cart --address 10.0.0.7 --port http=8080 --out vm1.json",
            "workload configure cart-1 -n shop --address 10.0.0.8 --port grpc=7070 --label app=cart --grpc ./cart-1",
            "workload configure cart-2 -n shop --address 10.0.0.9 --port http=8080 --label app=cart --envoy ./cart-2");
        member.AddTo(command);
        Option[] options = [xds, lifetime, file, folder, envoy];
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
                TokenCommand.Seconds(parsed.GetValue(lifetime)),
                request.Name);
            switch (parsed.GetValue(file), parsed.GetValue(folder), parsed.GetValue(envoy))
            {
                case ({ } path, null, null):
                    gateway ??= GatewayOf(scope, parsed, address => address.Xds);
                    var token = await MintAsync(scope, parsed, grant, cancellationToken);
                    await Secrets.WriteAsync(path, SidecarFile.Write(request, gateway, token), cancellationToken);
                    await scope.Host.Out.WriteLineAsync(SidecarFile.Next(path));
                    return ExitCode.Fine;
                case (null, { } path, null):
                    gateway ??= GatewayOf(scope, parsed, address => address.XdsPlain);
                    return await WriteAsync(
                        api => GrpcFolder.WriteAsync(path, request, gateway, api, cancellationToken));
                case (null, null, { } path):
                    gateway ??= GatewayOf(scope, parsed, address => address.Xds);
                    return await WriteAsync(
                        api => EnvoyFolder.WriteAsync(path, request, gateway, api, cancellationToken));
                default:
                    throw CliException.Usage(
                        "one of --out FILE (for a sidecar), --envoy DIR (a stock Envoy) and --grpc DIR (neither) "
                        + "is needed");
            }

            async Task<int> WriteAsync(Func<ApiClient, Task<string>> write)
            {
                var credential = await MintAsync(scope, parsed, grant, cancellationToken);
                using var api = scope.ConnectAs(parsed, credential, "a join token of its own");
                await scope.Host.Out.WriteLineAsync(await write(api));
                return ExitCode.Fine;
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
