namespace MeshOrleans.Silo.Storage;

/// <summary>The saved states that nobody needs any more (<see cref="Grains.IExpiringState"/>).</summary>
internal interface IRemovableStates
{
    /// <summary>Removes those that may be removed by now; doing it twice, or in two processes at once, does no harm.</summary>
    /// <returns>How many there were.</returns>
    Task<int> RemoveAsync(DateTimeOffset now, CancellationToken cancellationToken);
}
