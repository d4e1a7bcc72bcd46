namespace MeshOrleans.Cli.Commands;

/// <summary>Commands of the contract that this version does not have: said aloud, never a silent success.</summary>
internal static class LaterCommands
{
    private static readonly string[] Names =
    [
        "plan", "rollback", "rollout", "wait", "proxy-config", "inject", "install", "top",
        "tap", "graph", "dashboard", "doctor",
    ];

    private static readonly string[] Aliases =
        ["pc", "x", "experimental", "authz", "authn", "kube-inject", "d", "dash"];

    public static string Line { get; } = $"Not part of this version: {string.Join(", ", Names)}.";

    public static bool Contains(string verb) => Names.Contains(verb) || Aliases.Contains(verb);
}
