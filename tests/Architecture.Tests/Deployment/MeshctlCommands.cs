using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The commands of <c>meshctl</c> and their flags, read from its sources.</summary>
internal static partial class MeshctlCommands
{
    private const string Folder = "cli/Commands/";
    private static readonly Dictionary<string, HashSet<string>> FlagsByCommand = ReadCommands();
    private static readonly HashSet<string> GlobalFlags = FlagsIn(Repository.Read(Folder + "GlobalOptions.cs"));

    /// <summary>The variables it reads.</summary>
    public static IReadOnlyList<string> Variables { get; } =
    [
        .. Repository.Sources.Where(f => f.StartsWith("cli/", StringComparison.Ordinal))
            .SelectMany(f => Variable().Matches(Repository.Read(f))).Select(m => m.Groups[1].Value).Distinct(),
    ];

    public static IEnumerable<string> Check(IReadOnlyList<string> arguments)
    {
        var words = arguments.TakeWhile(a => !a.StartsWith('-')).ToArray();
        var command = new[] { string.Join(' ', words.Take(2)), words.FirstOrDefault("") }
            .FirstOrDefault(FlagsByCommand.ContainsKey);
        if (arguments.Count == 0) return [];
        if (command is null) return [$"meshctl has no command '{words.FirstOrDefault("")}'"];
        return arguments.Where(a => a.StartsWith('-') && a != "-")
            .Where(flag => !FlagsByCommand[command].Contains(flag) && !GlobalFlags.Contains(flag))
            .Select(flag => $"meshctl {command} has no flag '{flag}'");
    }

    private static Dictionary<string, HashSet<string>> ReadCommands()
    {
        var commands = new Dictionary<string, HashSet<string>>();
        foreach (var file in Repository.Sources.Where(f => f.StartsWith(Folder, StringComparison.Ordinal)))
        {
            var source = Repository.Read(file);
            if (CommandName().Match(source) is { Success: true } name)
            {
                commands[GroupOf(file) + name.Groups[1].Value] = [.. FlagsIn(source), .. SharedFlags(source)];
            }
        }

        // A group is no command by itself.
        foreach (var group in commands.Keys.Where(c => c.Contains(' ')).Select(c => c.Split(' ')[0]).ToArray())
        {
            commands.Remove(group);
        }

        return commands;
    }

    // Commands/Workloads/TokenCommand.cs is "workload token", as Commands/WorkloadCommand.cs is "workload".
    private static string GroupOf(string file)
    {
        if (file[Folder.Length..].Split('/') is not [var folder, _]) return "";
        var parent = Repository.Sources.First(f => f.StartsWith(Folder, StringComparison.Ordinal)
            && f.Count(c => c == '/') == Folder.Count(c => c == '/')
            && Repository.Read(f).Contains($"using MeshOrleans.Cli.Commands.{folder};", StringComparison.Ordinal));
        return CommandName().Match(Repository.Read(parent)).Groups[1].Value + " ";
    }

    private static IEnumerable<string> SharedFlags(string source)
    {
        var common = Repository.Read(Folder + "CommonOptions.cs");
        var shared = SharedOption().Matches(source).Select(m => m.Groups[1].Value).SelectMany(method =>
            FlagsIn(Regex.Match(common, $@" {method}\(.*?(?=\n    public |\z)", RegexOptions.Singleline).Value));
        if (!source.Contains("new MemberOptions()", StringComparison.Ordinal)) return shared;
        var member = Repository.Read(Folder + "Workloads/MemberOptions.cs");
        return [.. shared, .. FlagsIn(member), .. SharedFlags(member)];
    }

    private static HashSet<string> FlagsIn(string source) => [.. Flag().Matches(source).Select(m => m.Groups[1].Value)];

    [GeneratedRegex("""new CliCommand\(\s*"([a-z-]+)""")]
    private static partial Regex CommandName();

    [GeneratedRegex(@"CommonOptions\.(\w+)\(")]
    private static partial Regex SharedOption();

    [GeneratedRegex("\"(--?[a-z][a-z-]*)\"")]
    private static partial Regex Flag();

    [GeneratedRegex("""Variable\("(MESH_[A-Z_]+)"\)""")]
    private static partial Regex Variable();
}
