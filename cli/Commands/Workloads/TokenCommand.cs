using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary><c>meshctl workload token</c>: a one-time join token.</summary>
internal static class TokenCommand
{
    public static Command Create(CommandScope scope)
    {
        var ns = CommonOptions.Namespace("Namespace it may join (default)");
        var serviceAccount = CommonOptions.Text("--service-account", "SA", "Identity it may take (default)");
        var group = CommonOptions.Text("--group", "NAME", "WorkloadGroup it may join (any)");
        var node = CommonOptions.Text("--node", "NAME", "Workload that it is for, and no other (any)");
        var lifetime = CommonOptions.Lifetime();
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "token",
            "Mint a token with which one workload may join once. Only the token goes to standard output.",
            "workload token -n shop --service-account cart > cart.token",
            "workload token --lifetime 10m -o json")
        {
            ns, serviceAccount, group, node, lifetime, format,
        };
        command.SetAction((parsed, cancellationToken) => MintAsync(
            scope,
            parsed,
            new TokenRequest(
                TokenRequest.Workload,
                parsed.GetValue(ns),
                parsed.GetValue(serviceAccount),
                parsed.GetValue(group),
                Seconds(parsed.GetValue(lifetime)),
                parsed.GetValue(node)),
            parsed.GetValue(format),
            cancellationToken));
        return command;
    }

    /// <summary>A lifetime as the API takes it; null for its default.</summary>
    /// <exception cref="CliException">The text is no duration.</exception>
    public static double? Seconds(string? lifetime) =>
        lifetime is null ? null : Durations.Parse(lifetime, "--lifetime").TotalSeconds;

    /// <summary>Mints a token: it stands alone on standard output, when it expires on the error stream.</summary>
    public static async Task<int> MintAsync(
        CommandScope scope,
        ParseResult parsed,
        TokenRequest request,
        OutputFormat format,
        CancellationToken cancellationToken)
    {
        using var api = scope.Connect(parsed);
        var answer = await api.PostAsync("/v1/tokens", request, ApiJson.Default.TokenRequest, cancellationToken);
        if (Reports.TryWriteRaw(scope.Host, format, answer)) return ExitCode.Fine;
        var token = answer.Read(ApiJson.Default.TokenAnswer);
        await scope.Host.Out.WriteLineAsync(Printable.Of(token.Token));
        await scope.Host.Error.WriteLineAsync($"good for one use until {Ages.At(token.ExpiresAt)}");
        return ExitCode.Fine;
    }
}
