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
        var force = new Option<string>("--force")
        {
            Description = "End this phase of the rotation now, and say who is cut off by that: publishing (the next root signs, "
                + "whoever has it) or retiring (the former root leaves, and every certificate under it)",
            HelpName = "PHASE",
        };
        var command = new CliCommand(
            "rotate-root",
            "Replace the mesh's root: the next one is published beside it, signs once the proxies have it, and the former one "
            + "leaves after the last certificate under it. meshctl certs shows how far that is, and whom --force would cut off.",
            "certs rotate-root",
            "certs rotate-root --back",
            "certs rotate-root --force publishing",
            "certs rotate-root --force retiring")
        {
            back, force,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            const string Path = "/v1/ca/rotate";
            var phase = parsed.GetValue(force);
            var isForced = phase is not null;
            if (phase is not (null or "publishing" or "retiring"))
            {
                throw CliException.Usage("--force names the phase that it ends: publishing or retiring");
            }

            if (isForced && parsed.GetValue(back)) throw CliException.Usage("name one of --back and --force");
            using var api = scope.Connect(parsed);
            var answer = parsed.GetValue(back)
                ? await api.DeleteAsync(Path, cancellationToken)
                : await api.PostAsync(
                    isForced ? $"{Path}?force={phase}" : Path,
                    new EmptyRequest(),
                    ApiJson.Default.EmptyRequest,
                    cancellationToken);
            var authority = answer.Read(ApiJson.Default.AuthorityRow);
            var lines = isForced
                ? [.. AuthorityText.Of(authority with { CutOffCount = 0 }, scope.Host.Clock), AuthorityText.CutOff(authority)]
                : AuthorityText.Of(authority, scope.Host.Clock);
            foreach (var line in lines) await scope.Host.Out.WriteLineAsync(line);

            return ExitCode.Fine;
        });
        return command;
    }
}
