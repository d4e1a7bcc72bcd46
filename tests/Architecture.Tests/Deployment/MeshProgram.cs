using System.Collections.Immutable;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>A program of this repository, as its sources describe it.</summary>
/// <param name="Name">The assembly, which is what a command names.</param>
internal sealed record MeshProgram(string Name)
{
    /// <summary>Flags that take a value, with their dashes.</summary>
    public ImmutableHashSet<string> Flags { get; init; } = [];

    /// <summary><c>MESH_*</c> variable to the flag it stands for.</summary>
    public ImmutableDictionary<string, string> Variables { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Flag that names a listener to its default; 0 where there is none.</summary>
    public ImmutableDictionary<string, int> Ports { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Of <see cref="Ports"/>, those that nobody reaches from another host.</summary>
    public ImmutableHashSet<string> LoopbackPorts { get; init; } = [];

    /// <summary>Flags that say where the other ports are bound, the first that is given wins.</summary>
    public ImmutableArray<string> BindFlags { get; init; } = [];

    /// <summary>What a probe may ask.</summary>
    public ImmutableHashSet<string> HealthPaths { get; init; } = [];

    /// <summary>What is wrong with a command line.</summary>
    public Func<IReadOnlyList<string>, IEnumerable<string>>? ArgumentRule { get; init; }

    public IEnumerable<string> CheckArguments(IReadOnlyList<string> arguments) =>
        ArgumentRule is null ? CheckPairs(arguments) : ArgumentRule(arguments);

    private IEnumerable<string> CheckPairs(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!Flags.Contains(arguments[i])) yield return $"{Name} has no flag '{arguments[i]}'";
            if (i + 1 == arguments.Count) yield return $"flag '{arguments[i]}' of {Name} has no value";
        }
    }
}
