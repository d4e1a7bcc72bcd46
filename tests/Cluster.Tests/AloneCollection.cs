namespace MeshOrleans.Cluster.Tests;

/// <summary>Tests with a cluster of their own: beside another one it would take that one's time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
