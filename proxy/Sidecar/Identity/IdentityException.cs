namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>No certificate this time; the message is the clause of the log line that says why.</summary>
internal sealed class IdentityException(string message) : Exception(message)
{
    /// <summary>
    /// Whether somebody has answered, and will not answer otherwise to what was presented: another way may be tried.
    /// </summary>
    public bool IsRefusal { get; init; }
}
