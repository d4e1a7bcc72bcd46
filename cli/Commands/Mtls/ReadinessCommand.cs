using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Mtls;

/// <summary><c>meshctl mtls readiness</c>: who would be refused if a namespace were STRICT.</summary>
internal static class ReadinessCommand
{
    private const string Ready = "READY";
    private const string Strict = "STRICT";

    public static Command Create(CommandScope scope)
    {
        var name = new Argument<string>("NS") { Description = "The namespace" };
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "readiness",
            "Show who calls the workloads of a namespace in plaintext and would be refused if its PeerAuthentication "
                + "said STRICT: who, where to, when last; and how far that can be known. Policies that select "
                + "workloads stay as they are.",
            "mtls readiness shop",
            "mtls readiness shop -o wide",
            "mtls readiness shop -o json")
        {
            Footer = "Exit codes: 0 nobody would be refused, 79 somebody would or it is not known, 1 failed, 2 usage.",
        };
        command.Arguments.Add(name);
        command.Options.Add(format);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var path = Query.Append("/v1/mtls/readiness", ("ns", parsed.GetRequiredValue(name)));
            var text = await api.GetAsync(path, cancellationToken);
            var answer = text.Read(ApiJson.Default.ReadinessAnswer);
            var chosen = parsed.GetValue(format);
            if (!Reports.TryWriteRaw(scope.Host, chosen, text))
            {
                await ShowAsync(scope.Host, answer, chosen is OutputFormat.Wide);
            }

            return answer.Status is Ready or Strict ? ExitCode.Fine : ExitCode.Issues;
        });
        return command;
    }

    private static async Task ShowAsync(CliHost host, ReadinessAnswer answer, bool isWide)
    {
        if (answer.Callers is { Count: > 0 } callers)
        {
            Tables.Write(host, CallerTable.Of(callers, host.Clock, isWide), isWide);
            await host.Out.WriteLineAsync();
        }

        foreach (var line in ReadinessText.Of(answer, host.Clock)) await host.Out.WriteLineAsync(Printable.Of(line));
    }
}
