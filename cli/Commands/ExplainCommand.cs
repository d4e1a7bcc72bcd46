using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl explain</c>: what would become of one request, and why.</summary>
internal static class ExplainCommand
{
    private const int FirstFailure = 400;

    public static Command Create(CommandScope scope)
    {
        var from = Required(
            "--from", "NS/WORKLOAD", "Who sends it: a workload, or what it has as label app, group or account");
        var to = Required("--to", "HOST[:PORT]|NS/SERVICE", "Whom it is sent to, as the client writes it");
        var method = CommonOptions.Text("--method", "METHOD", "The method (GET)");
        var path = CommonOptions.Text("--path", "PATH", "Path and query (/)");
        var headers = new Option<string[]>("--header", "-H")
        {
            Description = "A header of the request, 'name: value'; repeatable",
            HelpName = "HEADER",
        };
        var plaintext = new Option<bool?>("--plaintext")
        {
            Description = "The client has no sidecar (as it is known of the client)",
            HelpName = "BOOL",
        };
        var account = CommonOptions.Text("--service-account", "NAME", "Of a client that is not there");
        var labels = new Option<string[]>("--labels", "-l")
        {
            Description = "Of a client that is not there",
            HelpName = "K=V,...",
        };
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "explain",
            "Follow one request through the mesh without sending it: which routes, rules and policies are considered, "
                + "which count, and what the client would see. By the evaluator of the proxies. The exit code is 0 "
                + "when the client would certainly see a status below 400 (0 of gRPC), and 1 otherwise.",
            "explain --from app/a-1 --to b --path /api -H \"user-type: vip\"",
            "explain --from shop/new --service-account cart --to shop/orders --method POST -o json")
        {
            from, to, method, path, headers, plaintext, account, labels, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new ExplainRequest(
                parsed.GetValue(from)!,
                parsed.GetValue(to)!,
                parsed.GetValue(method) ?? "GET",
                parsed.GetValue(path) ?? "/",
                Headers(parsed.GetValue(headers) ?? []),
                parsed.GetValue(plaintext),
                parsed.GetValue(account),
                parsed.GetValue(labels) is { Length: > 0 } given ? KeyValues.Parse(given, "--labels") : null);
            using var api = scope.Connect(parsed);
            var answer = await api.PostAsync(
                "/v1/explain", request, ApiJson.Default.ExplainRequest, cancellationToken);
            var told = answer.Read(ApiJson.Default.ExplainAnswer);
            if (!Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer))
            {
                foreach (var line in ExplainText.Of(told)) Write(scope.Host, line);
            }

            return (told.Verdict.Outcomes ?? []).All(o => o.Status < FirstFailure && (o.GrpcStatus ?? 0) == 0)
                ? ExitCode.Fine
                : ExitCode.Failed;
        });
        return command;
    }

    private static Option<string> Required(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape, Required = true };

    // Of several values of one name the proxies see one text.
    private static SortedDictionary<string, string> Headers(IEnumerable<string> texts)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in texts)
        {
            var colon = text.IndexOf(':');
            if (colon <= 0) throw CliException.Usage($"-H: '{text}' is not of the form 'name: value'");
            var (name, value) = (text[..colon].Trim(), text[(colon + 1)..].Trim());
            headers[name] = headers.TryGetValue(name, out var before) ? $"{before},{value}" : value;
        }

        return headers;
    }

    private static void Write(CliHost host, string line)
    {
        var text = Printable.Of(line);
        host.Out.WriteLine(host.TerminalWidth is { } width ? Shorten.To(text, width) : text);
    }
}
