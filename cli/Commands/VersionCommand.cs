using System.CommandLine;
using System.Text.Json;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl version</c>.</summary>
internal static class VersionCommand
{
    public static Command Create(CommandScope scope)
    {
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand("version", "Show the version of meshctl.", "version", "version -o json")
        {
            format,
        };
        command.SetAction(parsed =>
        {
            var version = typeof(VersionCommand).Assembly.GetName().Version!.ToString(3);
            var json = JsonSerializer.Serialize(new VersionAnswer(version), ApiJson.Default.VersionAnswer);
            if (Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), json)) return ExitCode.Fine;
            scope.Host.Out.WriteLine($"meshctl {version}");
            return ExitCode.Fine;
        });
        return command;
    }
}
