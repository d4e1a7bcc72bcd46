namespace MeshOrleans.Grains.Embedded;

/// <summary>A saved state of whatever shape, as the activation sees it.</summary>
internal interface IGrainState
{
    Task ReadStateAsync(CancellationToken cancellationToken);
}
