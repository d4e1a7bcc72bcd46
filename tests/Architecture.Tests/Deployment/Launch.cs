using System.Collections.Immutable;
using System.Globalization;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>A program as one container starts it.</summary>
/// <param name="Where">The container, for findings.</param>
/// <param name="Program">What is started.</param>
/// <param name="Arguments">Its command line.</param>
/// <param name="Variables">Its environment; a value that only the cluster knows is empty.</param>
internal sealed record Launch(
    string Where,
    MeshProgram Program,
    ImmutableArray<string> Arguments,
    ImmutableDictionary<string, string> Variables)
{
    /// <summary>Everything it listens on.</summary>
    public IEnumerable<int> Ports => Listeners.SelectMany(f => PortsOf(f.Key, f.Value));

    /// <summary>What others reach: nothing at all while it is bound to loopback.</summary>
    public IEnumerable<int> PublicPorts => IsLoopback
        ? []
        : Listeners.Where(f => !Program.LoopbackPorts.Contains(f.Key)).SelectMany(f => PortsOf(f.Key, f.Value));

    /// <summary>The absolute paths that it is given.</summary>
    public IEnumerable<string> Paths =>
        MeshVariables.Select(v => v.Value).Concat(Arguments).Where(v => v.StartsWith('/'));

    /// <summary>Flags and variables that the program does not know.</summary>
    public IEnumerable<string> Findings() =>
    [
        .. Program.CheckArguments(Arguments).Select(f => $"{Where}: {f}"),
        .. MeshVariables.Where(v => !Program.Variables.ContainsKey(v.Key))
            .Select(v => $"{Where}: {Program.Name} knows no variable {v.Key}"),
    ];

    /// <summary>A setting: the command line wins over the environment.</summary>
    public string? Find(string flag)
    {
        var at = Arguments.IndexOf(flag);
        if (at >= 0 && at + 1 < Arguments.Length) return Arguments[at + 1];
        var variable = Program.Variables.FirstOrDefault(v => v.Value == flag).Key;
        return variable is not null && Variables.TryGetValue(variable, out var value) ? value : null;
    }

    private IEnumerable<KeyValuePair<string, string>> MeshVariables =>
        Variables.Where(v => v.Key.StartsWith("MESH_", StringComparison.Ordinal));

    // A gateway is a client of the silos: it hosts no grains, so nobody calls it on their ports.
    private IEnumerable<KeyValuePair<string, int>> Listeners => Find("--role") == "gateway"
        ? Program.Ports.Where(p => p.Key is not ("--silo-port" or "--grain-port"))
        : Program.Ports;

    private bool IsLoopback => (Program.BindFlags.Select(Find).FirstOrDefault(v => v is not null) ?? "127.0.0.1")
        .StartsWith("127.", StringComparison.Ordinal);

    private IEnumerable<int> PortsOf(string flag, int fallback) => (Find(flag) ?? $"{fallback}")
        .Split(',')
        .Select(p => int.TryParse(p, CultureInfo.InvariantCulture, out var port) ? port : 0)
        .Where(p => p > 0);
}
