namespace MeshOrleans.Cli.Input;

/// <summary>What a command is about: <c>KIND</c>, <c>KIND/NAME</c> or <c>KIND NAME</c>.</summary>
internal sealed record Target(string Word, string? Name)
{
    /// <exception cref="CliException">The words do not name one thing.</exception>
    public static Target Parse(string[] words) => words switch
    {
        [var word] when word.IndexOf('/') is > 0 and var slash && slash < word.Length - 1 =>
            new Target(word[..slash], word[(slash + 1)..]),
        [{ Length: > 0 } word] when !word.Contains('/', StringComparison.Ordinal) => new Target(word, null),
        [{ Length: > 0 } word, { Length: > 0 } name] when !word.Contains('/', StringComparison.Ordinal) =>
            new Target(word, name),
        _ => throw CliException.Usage($"'{string.Join(' ', words)}' is not of the form KIND, KIND/NAME or KIND NAME"),
    };
}
