namespace MeshOrleans.Model;

/// <summary>The chance of production: the process's own generator.</summary>
public sealed class SharedRandomSource : IRandomSource
{
    private SharedRandomSource()
    {
    }

    /// <summary>The only instance; safe for concurrent use.</summary>
    public static SharedRandomSource Instance { get; } = new();

    /// <inheritdoc/>
    public double NextDouble() => Random.Shared.NextDouble();
}
