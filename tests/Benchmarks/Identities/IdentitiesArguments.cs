namespace MeshOrleans.Benchmarks.Identities;

/// <summary>The flags of <c>mesh-bench identities</c>.</summary>
internal sealed record IdentitiesArguments
{
    public const string Help = """
        mesh-bench identities: all certificates of a mesh are replaced at once (started by ./mesh bench identities)

        usage: ./mesh bench identities [flags]

          --nodes N        nodes, each a service account of its own with a stream over mutual TLS, 1 to 10000   (2000)
          --namespaces N   namespaces that they are spread over, 1 to 500                                       (50)
          --spread N       seconds over which the rotation is spread, 0 to 3600; left out, what the control
                           plane takes by itself                                                                (-)
          --json           one JSON document instead of a table

        Starts a control plane of its own on this machine with state in a temporary folder, and ends it. Phases: every
        node joins by a token of its own; every node opens its stream and stages the key that is to come; POST
        /v1/identities/rotate, until the last node has its next certificate, for the key that it staged. Exit code 1
        when one did not get it, or got one for another key.

        examples:
          ./mesh bench identities
          ./mesh bench identities --nodes 200 --spread 0
          ./mesh bench identities --json >identities.json
        """;

    public int Nodes { get; private init; } = 2000;

    public int Namespaces { get; private init; } = 50;

    /// <summary>Null for what the control plane takes by itself.</summary>
    public int? SpreadSeconds { get; private init; }

    public bool Json { get; private init; }

    /// <summary>Reads the flags that follow the word <c>identities</c>.</summary>
    public static IdentitiesArguments? Read(IReadOnlyList<string> flags, out string error)
    {
        error = "";
        var read = FlagReading.Read(
            flags,
            new IdentitiesArguments(),
            a => a with { Json = true },
            static (IdentitiesArguments a, string flag, string value, ref string wrong) => a.With(flag, value, ref wrong),
            ref error);
        return error.Length == 0 ? read : null;
    }

    private IdentitiesArguments With(string flag, string value, ref string error)
    {
        switch (flag)
        {
            case "--nodes": return this with { Nodes = FlagReading.Number(flag, value, 1, 10_000, ref error) };
            case "--namespaces": return this with { Namespaces = FlagReading.Number(flag, value, 1, 500, ref error) };
            case "--spread": return this with { SpreadSeconds = FlagReading.Number(flag, value, 0, 3600, ref error) };
            default: error = $"unknown flag '{flag}'; --help lists them all"; return this;
        }
    }
}
