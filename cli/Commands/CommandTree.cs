using System.CommandLine;
using System.CommandLine.Parsing;

namespace MeshOrleans.Cli.Commands;

/// <summary>All commands under <c>meshctl</c>.</summary>
internal static class CommandTree
{
    public static Command Create(CliHost host)
    {
        var global = new GlobalOptions();
        var scope = new CommandScope(host, global);
        var root = new CliCommand(
            "meshctl",
            "Talks to the control plane of a mesh (started by ./mesh up), for its operators.",
            "apply -f samples/manifests/s000-routing.yaml",
            "get virtualservices",
            "proxy-status")
        {
            Footer = "Exit codes: 0 fine, 1 failed, 2 usage, 79 issues found by analyze or mtls readiness. " + LaterCommands.Line,
        };
        root.Options.Add(ExampleHelp.CreateOption());
        global.AddTo(root);
        Command[] commands =
        [
            ApplyCommand.Create(scope), DeleteCommand.Create(scope), GetCommand.Create(scope),
            DiffCommand.Create(scope), ValidateCommand.Create(scope), AnalyzeCommand.Create(scope),
            ExplainCommand.Create(scope), HistoryCommand.Create(scope),
            ProxyStatusCommand.Create(scope), CertsCommand.Create(scope), WorkloadCommand.Create(scope),
            MtlsCommand.Create(scope), PeerCommand.Create(scope), WhoAmICommand.Create(scope), AuditCommand.Create(scope), DatabaseCommand.Create(scope), VersionCommand.Create(scope),
        ];
        foreach (var command in commands) root.Subcommands.Add(command);
        return root;
    }

    /// <summary>The names that lead to a command, without <c>meshctl</c>.</summary>
    public static IEnumerable<string> PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? PathOf(parent).Append(result.Command.Name) : [];
}
