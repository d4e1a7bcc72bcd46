using System.Text.Json;
using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>One line of a Dockerfile and the stage it belongs to; before the first FROM that is empty.</summary>
internal sealed record Instruction(string Stage, string Keyword, string Arguments)
{
    /// <summary>The words that are no options.</summary>
    public string[] Words => [.. Split.Where(w => !w.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>The value of an option such as <c>--from</c>; null when it is not given.</summary>
    public string? Option(string name) => Split
        .Where(w => w.StartsWith($"--{name}=", StringComparison.Ordinal))
        .Select(w => w[(name.Length + 3)..])
        .FirstOrDefault();

    private string[] Split => Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A Dockerfile with its stages.</summary>
internal sealed partial class Dockerfile
{
    private readonly Dictionary<string, string> _parents;

    private Dockerfile(List<Instruction> instructions)
    {
        Instructions = instructions;
        _parents = instructions.Where(i => i.Keyword == "FROM").ToDictionary(i => i.Stage, i => i.Words[0]);
    }

    public IReadOnlyList<Instruction> Instructions { get; }

    public IReadOnlyCollection<string> Stages => _parents.Keys;

    public static Dockerfile Read(string text)
    {
        var stage = "";
        var instructions = new List<Instruction>();
        var uncommented = string.Join('\n', text.Split('\n').Where(l => !l.TrimStart().StartsWith('#')));
        foreach (var line in Continuation().Replace(uncommented, " ").Split('\n').Where(l => l.Trim().Length > 0))
        {
            string[] parts = [.. line.Trim().Split(' ', 2, StringSplitOptions.TrimEntries), ""];
            var (keyword, rest) = (parts[0], parts[1]);
            if (keyword == "FROM") stage = rest.Split(" AS ") is [_, var name] ? name.Trim() : rest;
            instructions.Add(new Instruction(stage, keyword, rest));
        }

        return new Dockerfile(instructions);
    }

    /// <summary>The folders that <c>install -d -o</c> makes for the user the container runs as.</summary>
    public IReadOnlySet<string> OwnedFolders => Of("RUN")
        .Where(i => i.Arguments.StartsWith("install -d -o $APP_UID ", StringComparison.Ordinal))
        .SelectMany(i => i.Words.Where(w => w.StartsWith('/')))
        .ToHashSet();

    public IEnumerable<Instruction> Of(string keyword) => Instructions.Where(i => i.Keyword == keyword);

    /// <summary>A stage, and the stages it is built upon.</summary>
    public IEnumerable<string> ChainOf(string stage)
    {
        for (var at = stage; _parents.TryGetValue(at, out var parent) && at != parent; at = parent) yield return at;
    }

    /// <summary>What the nearest stage of the chain says; null when none does.</summary>
    public Instruction? Nearest(string stage, string keyword) => ChainOf(stage)
        .Select(s => Instructions.LastOrDefault(i => i.Stage == s && i.Keyword == keyword))
        .FirstOrDefault(i => i is not null);

    /// <summary>The words of ENTRYPOINT or CMD in their JSON form.</summary>
    public IReadOnlyList<string> Words(string stage, string keyword) =>
        Nearest(stage, keyword) is { } found ? JsonSerializer.Deserialize<string[]>(found.Arguments)! : [];

    [GeneratedRegex(@"\\[ \t]*\n\s*")]
    private static partial Regex Continuation();
}
