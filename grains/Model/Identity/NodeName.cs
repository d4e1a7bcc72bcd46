namespace MeshOrleans.Model.Identity;

/// <summary>
/// What a node is called, whichever way it is written: <c>type~address~name.namespace~domain</c> (Istio's form),
/// <c>namespace/name</c>, or any other text, which is a name without a namespace.
/// </summary>
/// <param name="Namespace">The namespace; empty when it is not said.</param>
/// <param name="Name">The name.</param>
public readonly record struct NodeName(string Namespace, string Name)
{
    /// <summary>What a node is called that says no name to <c>POST /v1/certificates</c>, and cannot be known.</summary>
    public const string Rest = "rest";

    /// <summary>The longest id.</summary>
    /// <value>512 characters.</value>
    public const int MaxLength = 512;

    private const string Agent = "agent~";

    /// <summary>Reads a node id. Any text is one; in the worst case it is a name.</summary>
    public static NodeName Of(string text)
    {
        if (text.Split('~', 5) is [_, _, var workload, _])
        {
            var dot = workload.LastIndexOf('.');
            return dot < 0 ? new NodeName("", workload) : new NodeName(workload[(dot + 1)..], workload[..dot]);
        }

        return text.Split('/', 3) is [var ns, var name] ? new NodeName(ns, name) : new NodeName("", text);
    }

    /// <summary>Whether a text can be the id of a node: 1 to <see cref="MaxLength"/> characters, none of them a control character.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= MaxLength && !text.Any(char.IsControl);

    /// <summary>The id of a node that says no name to the certificate service, and cannot be known.</summary>
    /// <param name="address">Where it calls from.</param>
    public static string OfAgent(string address) => Agent + address;

    /// <summary>Whether the control plane has made an id up, so that it names nobody.</summary>
    public static bool IsMadeUp(string text) => text == Rest || text.StartsWith(Agent, StringComparison.Ordinal);

    /// <summary>Whether both may be names of one node: a namespace that is not said contradicts none.</summary>
    public bool Agrees(NodeName other) =>
        Name == other.Name && (Namespace.Length == 0 || other.Namespace.Length == 0 || Namespace == other.Namespace);

    /// <inheritdoc/>
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
