using MeshOrleans.Model;

namespace MeshOrleans.Silo.Explanations;

/// <summary>
/// The draws of a request that is not sent: whatever has a share at all is hit. How large the share is, is told beside.
/// </summary>
internal sealed class EveryDrawHits : IRandomSource
{
    public static EveryDrawHits Instance { get; } = new();

    /// <summary>Always 0.</summary>
    public double NextDouble() => 0;
}
