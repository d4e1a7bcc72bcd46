using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Certificates;

/// <summary><c>meshctl certs rotate-root</c>.</summary>
internal static class RotateRootCommand
{
    public static Command Create(CommandScope scope)
    {
        var back = new Option<bool>("--back")
        {
            Description = "Turn the rotation that is under way back: the former root stays, or signs again",
        };
        var command = new CliCommand(
            "rotate-root",
            "Replace the mesh's root: the next one is published beside it, signs once the proxies have it, and the former one "
            + "leaves after the last certificate under it. meshctl certs shows how far that is.",
            "certs rotate-root",
            "certs rotate-root --back")
        {
            back,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            const string Path = "/v1/ca/rotate";
            using var api = scope.Connect(parsed);
            var answer = parsed.GetValue(back)
                ? await api.DeleteAsync(Path, cancellationToken)
                : await api.PostAsync(Path, new EmptyRequest(), ApiJson.Default.EmptyRequest, cancellationToken);
            foreach (var line in AuthorityText.Of(answer.Read(ApiJson.Default.AuthorityRow), scope.Host.Clock))
            {
                await scope.Host.Out.WriteLineAsync(line);
            }

            return ExitCode.Fine;
        });
        return command;
    }
}
