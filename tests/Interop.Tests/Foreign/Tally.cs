using System.Collections.Immutable;

namespace MeshOrleans.Interop.Tests.Foreign;

/// <summary>What became of calls.</summary>
/// <param name="Codes">Status by name, and how many calls ended with it.</param>
/// <param name="Names">Server, and how many calls it answered.</param>
/// <param name="Peers">SHA-256 of the certificate that the server saw (empty: none), and how often.</param>
/// <param name="Details">What the first failures said.</param>
public sealed record Tally(
    ImmutableDictionary<string, int> Codes,
    ImmutableDictionary<string, int> Names,
    ImmutableDictionary<string, int> Peers,
    ImmutableArray<string> Details)
{
    private const string Ok = "OK";

    /// <summary>How many calls there were.</summary>
    public int Count => Codes.Values.Sum();

    /// <summary>True when none failed.</summary>
    public bool AllOk => Codes.Keys.All(code => code == Ok);

    /// <summary>How many calls ended with a status.</summary>
    public int With(string code) => Codes.GetValueOrDefault(code);

    /// <summary>How many calls a server answered.</summary>
    public int Of(string server) => Names.GetValueOrDefault(server);

    public override string ToString() =>
        $"{Text(Codes)}; answered by {Text(Names)}; {string.Join(" | ", Details)}";

    private static string Text(ImmutableDictionary<string, int> counts) =>
        string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"));
}
