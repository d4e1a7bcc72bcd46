using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl audit</c>: every change that was asked for, by whom and from where.</summary>
internal static class AuditCommand
{
    private const int MaxCount = 1000;
    private const int DefaultCount = 50;

    public static CliCommand Create(CommandScope scope)
    {
        var count = CommonOptions.Count("How many", DefaultCount, MaxCount);
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "audit",
            "List the changes that callers of the API have asked for, newest first, those that were refused included: "
            + "up to eight of a caller within an hour; the control plane's log has all.",
            "audit",
            "audit --count 200 -o json")
        {
            count, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var answer = await api.GetAsync(Query.Append("/v1/audit", ("count", $"{parsed.GetValue(count)}")), cancellationToken);
            if (Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer)) return ExitCode.Fine;
            Tables.Write(scope.Host, TableOf(answer.Read(ApiJson.Default.AuditRowArray), parsed.GetValue(format) is OutputFormat.Wide));
            return ExitCode.Fine;
        });
        return command;
    }

    private static TextTable TableOf(IEnumerable<AuditRow> rows, bool wide)
    {
        const int OfCaller = 24;
        const int OfCall = 32;
        var table = wide
            ? new TextTable("TIME", "CALLER", "CALL", "ABOUT", "STATUS", "REVISION", "ADDRESS", "GATEWAY")
            : new TextTable("TIME", "CALLER", "CALL", "ABOUT", "STATUS", "REVISION");
        foreach (var row in rows)
        {
            var (call, revision) = ($"{row.Method} {row.Path}", row.Revision is { } number ? $"{number}" : "-");
            var about = row.Subject.Length > 0 ? row.Subject : "-";
            if (wide) table.Add(Ages.At(row.Time), row.Caller, call, about, $"{row.Status}", revision, row.Address, row.Gateway);
            else
            {
                table.Add(
                    Ages.At(row.Time),
                    Shorten.To(row.Caller, OfCaller),
                    Shorten.To(call, OfCall),
                    Shorten.To(about, OfCall),
                    $"{row.Status}",
                    revision);
            }
        }

        return table;
    }
}
