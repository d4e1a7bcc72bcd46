using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The calls of this repository's programs in a shell script, as far as deploy/ writes such scripts.</summary>
internal static partial class ShellScript
{
    /// <summary>Program and arguments of each call; a word with a variable in it is kept as it stands.</summary>
    public static IEnumerable<(string Program, string[] Arguments)> CallsIn(string script) =>
        from statement in Separator().Split(Continuation().Replace(WithoutComments(script), " "))
        let words = Word().Matches(statement).Select(m => m.Value.Trim('"', '\'')).ToArray()
        where words.Length > 0 && MeshPrograms.All.ContainsKey(words[0])
        select (words[0], words[1..]);

    private static string WithoutComments(string script) =>
        string.Join('\n', script.Split('\n').Where(line => !line.TrimStart().StartsWith('#')));

    // what follows > is no argument
    [GeneratedRegex(@"\n|;|&&|\|+|[0-9]*>.*")]
    private static partial Regex Separator();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continuation();

    [GeneratedRegex("""("[^"]*"|'[^']*'|[^\s"'])+""")]
    private static partial Regex Word();
}
