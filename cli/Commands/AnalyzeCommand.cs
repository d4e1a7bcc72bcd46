using System.CommandLine;
using System.Text.Json;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl analyze</c>: what is wrong with the configuration as a whole.</summary>
internal static class AnalyzeCommand
{
    public static Command Create(CommandScope scope)
    {
        var files = CommonOptions.Files();
        files.Required = false;
        var live = new Option<bool>("--live")
        {
            Description = "With files: over what the mesh holds, as if they were applied; false looks at the files alone",
            DefaultValueFactory = _ => true,
        };
        var fail = Threshold("--failure-threshold", "The mildest finding that makes the exit code 79", FindingLevel.Error);
        var show = Threshold("--output-threshold", "The mildest finding that is shown", FindingLevel.Info);
        var suppress = new Option<string[]>("--suppress", "-S")
        {
            Description = "Passes over CODE=KIND NAMESPACE/NAME, of which * stands for anything; repeatable",
            HelpName = "RULE",
        };
        var ns = CommonOptions.Namespace("Namespace of the files' resources that name none (default)");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "analyze",
            "Find names that lead nowhere, resources that contradict each other and rules that never come into play: in the "
                + "mesh, in files, or in the mesh as it would be with the files.",
            "analyze",
            "analyze -f reviews.yaml",
            "analyze -f samples/manifests --live=false",
            "analyze --failure-threshold warning -S \"IST0127=AuthorizationPolicy shop/*\"")
        {
            files, live, fail, show, suppress, ns, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var rules = (parsed.GetValue(suppress) ?? []).Select(Suppression.Parse).ToList();
            using var api = scope.Connect(parsed);
            var answer = await AskAsync(
                api,
                scope.Host,
                parsed.GetValue(files) ?? [],
                parsed.GetValue(live),
                parsed.GetValue(ns),
                cancellationToken);
            var shown = (answer.Findings ?? [])
                .Where(f => !rules.Exists(r => r.Covers(f)))
                .Where(f => LevelOf(f) <= parsed.GetValue(show))
                .ToList();
            Report(scope.Host, parsed.GetValue(format), shown);
            return shown.Exists(f => LevelOf(f) <= parsed.GetValue(fail)) ? ExitCode.Issues : ExitCode.Fine;
        });
        return command;
    }

    private static Option<FindingLevel> Threshold(string name, string description, FindingLevel level)
    {
        var option = new Option<FindingLevel>(name)
        {
            Description = $"{description}: error, warning or info ({level.ToString().ToLowerInvariant()})",
            HelpName = "LEVEL",
            DefaultValueFactory = _ => level,
        };
        option.AcceptOnlyFromAmong("error", "warning", "info");
        return option;
    }

    private static async Task<AnalysisAnswer> AskAsync(
        ApiClient api,
        CliHost host,
        string[] names,
        bool live,
        string? ns,
        CancellationToken cancellationToken)
    {
        if (names.Length == 0)
        {
            if (!live) throw new CliException("there is nothing to look at: name files with -f, or leave out --live=false");
            return (await api.GetAsync("/v1/analyze", cancellationToken)).Read(ApiJson.Default.AnalysisAnswer);
        }

        var answer = await api.PostAsync(
            Query.Append("/v1/analyze", ("live", live ? "true" : "false"), ("ns", ns)),
            new ApplyRequest(await ManifestFiles.ReadAsync(names, host, cancellationToken)),
            ApiJson.Verbatim.ApplyRequest,
            cancellationToken,
            ApplyRequest.MediaType);
        return answer.Read(ApiJson.Default.AnalysisAnswer);
    }

    private static void Report(CliHost host, OutputFormat format, List<AnalysisFinding> findings)
    {
        var json = JsonSerializer.Serialize(new AnalysisAnswer([.. findings]), ApiJson.Default.AnalysisAnswer);
        if (Reports.TryWriteRaw(host, format, json)) return;
        foreach (var finding in findings) host.Out.WriteLine(Text(finding));
        host.Out.WriteLine(findings.Count == 0
            ? "no issues found"
            : string.Join(", ", Enum.GetValues<FindingLevel>()
                .Select(level => (Level: level, Count: findings.Count(f => LevelOf(f) == level)))
                .Where(c => c.Count > 0)
                .Select(c => $"{c.Count} {c.Level.ToString().ToLowerInvariant()}{(c.Count == 1 ? "" : "s")}")));
    }

    // as istioctl writes it, with the field
    private static string Text(AnalysisFinding finding)
    {
        var place = finding.File.Length == 0 ? "" : finding.Line > 0 ? $" {finding.File}:{finding.Line}" : $" {finding.File}";
        var resource = finding.Resource.Split('/') is [var kind, var ns, var name] ? $" ({kind} {ns}/{name}{place})"
            : place.Length > 0 ? $" ({place.TrimStart()})"
            : "";
        var path = finding.Path.Length > 0 ? $"{finding.Path}: " : "";
        return Printable.Of($"{LevelOf(finding)} [{finding.Code}]{resource} {path}{finding.Message}");
    }

    private static FindingLevel LevelOf(AnalysisFinding finding) =>
        Enum.TryParse<FindingLevel>(finding.Severity, ignoreCase: true, out var level) ? level : FindingLevel.Error;

    private enum FindingLevel
    {
        Error,
        Warning,
        Info,
    }

    /// <summary>Findings of a code about resources of a kind and name that nobody wants to hear of.</summary>
    private sealed record Suppression(string Code, string Kind, string Resource)
    {
        /// <exception cref="CliException">It is not CODE=KIND NAMESPACE/NAME.</exception>
        public static Suppression Parse(string rule) =>
            rule.Split('=', 2) is [var code, var what]
            && what.Split(' ', 2, StringSplitOptions.TrimEntries) is [var kind, var resource]
            && code.Length > 0 && kind.Length > 0 && resource.Length > 0
                ? new Suppression(code.Trim(), kind, resource)
                : throw new CliException(
                    $"'{rule}' does not say what to pass over: write CODE=KIND NAMESPACE/NAME, e.g. \"IST0127=Sidecar shop/*\"");

        public bool Covers(AnalysisFinding finding) =>
            Matches(Code, finding.Code)
            && finding.Resource.Split('/') is [var kind, var ns, var name]
            && Matches(Kind, kind)
            && (Matches(Resource, $"{ns}/{name}") || Matches(Resource, $"{name}.{ns}"));

        private static bool Matches(string pattern, string text) =>
            System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: true);
    }
}
