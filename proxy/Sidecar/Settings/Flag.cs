namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>
/// One setting: a flag on the command line, a <c>MESH_*</c> variable and a name in the configuration
/// file.
/// </summary>
/// <param name="Name">The name without dashes in front, as the file writes it.</param>
/// <param name="Shape">What the value looks like, for the help text.</param>
/// <param name="Text">What it is for, for the help text.</param>
/// <param name="IsSecret">
/// A secret is taken from the file or the environment only: a command line is visible to everyone.
/// </param>
internal sealed record Flag(string Name, string Shape, string Text, bool IsSecret = false)
{
    public string Variable { get; } = "MESH_" + Name.ToUpperInvariant().Replace('-', '_');
}
