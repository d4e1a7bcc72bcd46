using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl delete</c>: one resource.</summary>
internal static class DeleteCommand
{
    public static Command Create(CommandScope scope)
    {
        var words = new Argument<string[]>("KIND NAME")
        {
            Description = "Kind and name, or KIND/NAME",
            Arity = new ArgumentArity(1, 2),
        };
        var ns = CommonOptions.Namespace("Its namespace (default)");
        var reason = CommonOptions.Text("--reason", "TEXT", "Why, for the history");
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "delete",
            "Delete one resource of the configuration, as a new revision.",
            "delete virtualservice reviews",
            "delete dr/reviews -n shop")
        {
            words, ns, reason, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = Target.Parse(parsed.GetRequiredValue(words));
            if (target.Name is null) throw CliException.Usage($"a name is missing: delete {target.Word} NAME");
            var kind = KindName.Parse(target.Word);
            var space = kind.NamespaceOf(parsed.GetValue(ns), target.Name);
            using var api = scope.Connect(parsed);
            var path = Query.Append(kind.PathOf(space, target.Name), ("reason", parsed.GetValue(reason)));
            var answer = await api.DeleteAsync(path, cancellationToken);
            if (Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer)) return ExitCode.Fine;
            var outcome = answer.Read(ApiJson.Default.ApplyAnswer);
            foreach (var warning in outcome.Warnings ?? [])
            {
                await scope.Host.Error.WriteLineAsync(FindingText.Of(warning));
            }

            await scope.Host.Out.WriteLineAsync($"{kind.Kind} {space}/{target.Name} deleted");
            await scope.Host.Out.WriteLineAsync($"revision {outcome.Revision}");
            return ExitCode.Fine;
        });
        return command;
    }
}
