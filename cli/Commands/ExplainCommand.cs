using System.CommandLine;
using System.Text.Json.Nodes;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl explain</c>: what would become of one request or connection, and why.</summary>
internal static class ExplainCommand
{
    private const int FirstFailure = 400;

    public static Command Create(CommandScope scope)
    {
        var from = CommonOptions.Text(
            "--from", "NS/WORKLOAD", "Who sends it: a workload, or what it has as label app, group or account");
        var gateway = CommonOptions.Text(
            "--gateway", "NS/NAME", "Where it enters from outside, in place of --from: a gateway or Gateway");
        var address = CommonOptions.Text("--client-address", "IP", "Of somebody from outside");
        var to = new Option<string>("--to")
        {
            Description = "Whom it is sent to, as the client writes it; at a gateway with the port that clients call",
            HelpName = "HOST[:PORT]|NS/SERVICE",
            Required = true,
        };
        var protocol = CommonOptions.Text(
            "--protocol", "PROTOCOL", "http, https (which a gateway ends), tcp or tls (bytes) (http)");
        var serverName = CommonOptions.Text("--sni", "NAME", "The name in the TLS handshake (the host of --to)");
        var method = CommonOptions.Text("--method", "METHOD", "The method (GET)");
        var path = CommonOptions.Text("--path", "PATH", "Path and query (/)");
        var headers = new Option<string[]>("--header", "-H")
        {
            Description = "A line of the request's head, 'name: value'; repeatable, also for one name",
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
            "Follow one request or connection through the mesh without sending it, from a workload or a gateway on: "
                + "which routes, rules and policies are considered at each hop, which count, and what the client would "
                + "see. By the evaluator of the proxies. The exit code is 0 when the client would certainly see a "
                + "status below 400 (0 of gRPC), or its connection would certainly arrive, and 1 otherwise.",
            "explain --from app/a-1 --to b --path /api -H \"user-type: vip\"",
            "explain --from shop/new --service-account cart --to shop/orders --method POST -o json",
            "explain --gateway istio-system/ingress --protocol https --to shop.example --path /cart",
            "explain --from app/a-1 --to db.app:5432 --protocol tcp",
            "explain --from app/a-1 --to payments.example:443 --protocol tls --sni payments.example")
        {
            from, gateway, address, to, protocol, serverName, method, path, headers, plaintext, account, labels, format,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetResult(from) is null) == (result.GetResult(gateway) is null))
            {
                result.AddError("Say who sends it: either --from or --gateway");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new ExplainRequest(
                parsed.GetValue(from) ?? "",
                parsed.GetValue(to)!,
                parsed.GetValue(method) ?? "GET",
                parsed.GetValue(path) ?? "/",
                Headers(parsed.GetValue(headers) ?? []),
                parsed.GetValue(plaintext),
                parsed.GetValue(account),
                parsed.GetValue(labels) is { Length: > 0 } given ? KeyValues.Parse(given, "--labels") : null,
                parsed.GetValue(gateway),
                Protocol(parsed.GetValue(protocol)),
                parsed.GetValue(serverName),
                parsed.GetValue(address));
            using var api = scope.Connect(parsed);
            var answer = await api.PostAsync(
                "/v1/explain", request, ApiJson.Default.ExplainRequest, cancellationToken);
            var told = answer.Read(ApiJson.Default.ExplainAnswer);
            if (!Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer))
            {
                foreach (var line in ExplainText.Of(told)) Write(scope.Host, line);
            }

            return (told.Verdict.Outcomes ?? []).All(outcome => IsFine(outcome, told.Destination))
                ? ExitCode.Fine
                : ExitCode.Failed;
        });
        return command;
    }

    private static bool IsFine(ExplainOutcome outcome, ExplainDestination destination) => destination.IsConnection
        ? outcome.ReachesApplication
        : outcome.Status < FirstFailure && (outcome.GrpcStatus ?? 0) == 0;

    // As the API spells it; null for what it takes by itself.
    private static string? Protocol(string? text) => text?.ToLowerInvariant() switch
    {
        null => null,
        "http" => "Http",
        "https" => "Https",
        "tcp" => "Tcp",
        "tls" => "Tls",
        _ => throw CliException.Usage($"--protocol: '{text}' is none of http, https, tcp, tls"),
    };

    // One text for one line, as every control plane takes it; a list for several.
    private static SortedDictionary<string, JsonNode> Headers(IEnumerable<string> texts)
    {
        var headers = new SortedDictionary<string, JsonNode>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in texts)
        {
            var colon = text.IndexOf(':');
            if (colon <= 0) throw CliException.Usage($"-H: '{text}' is not of the form 'name: value'");
            var (name, value) = (text[..colon].Trim(), text[(colon + 1)..].Trim());
            var line = JsonValue.Create(value);
            if (!headers.TryGetValue(name, out var before)) headers[name] = line;
            else if (before is JsonArray lines) lines.Add((JsonNode)line);
            else headers[name] = new JsonArray(before, line);
        }

        return headers;
    }

    private static void Write(CliHost host, string line)
    {
        var text = Printable.Of(line);
        host.Out.WriteLine(host.TerminalWidth is { } width ? Shorten.To(text, width) : text);
    }
}
