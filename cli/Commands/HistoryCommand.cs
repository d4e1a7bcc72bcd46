using System.CommandLine;
using System.Globalization;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl history</c>: who changed what, when and why.</summary>
internal static class HistoryCommand
{
    private const int DefaultCount = 20;
    private const int MaxCount = 500;

    public static Command Create(CommandScope scope)
    {
        var count = CommonOptions.Count("How many revisions", DefaultCount, MaxCount);
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "history",
            "List the revisions of the configuration, newest first. 'meshctl get revisions/N' shows what one changed.",
            "history",
            "history --count 5 -o json")
        {
            count, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var query = $"?count={parsed.GetValue(count)}";
            await Listing.Revisions.ShowAsync(
                api, scope.Host, parsed.GetValue(format), ns: null, cancellationToken, query);
            return ExitCode.Fine;
        });
        return command;
    }

    /// <summary>Shows what one revision changed.</summary>
    public static async Task ShowOneAsync(
        ApiClient api, CliHost host, string number, OutputFormat format, CancellationToken cancellationToken)
    {
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
        {
            throw CliException.Usage($"'{number}' is no revision: they are numbers");
        }

        var answer = await api.GetAsync($"{Listing.Revisions.Path}/{n}", cancellationToken);
        if (Reports.TryWriteRaw(host, format, answer)) return;
        var revision = answer.Read(ApiJson.Default.RevisionAnswer);
        var reason = revision.Reason.Length > 0 ? $": {revision.Reason}" : "";
        await host.Out.WriteLineAsync(Printable.Of(
            $"revision {revision.Revision} of {Ages.At(revision.Time)} by {revision.Author}{reason}"));
        if (revision.Changes is { Count: > 0 } changes) Tables.Write(host, ConfigTable.Of(changes));
    }
}
