namespace MeshOrleans.Grains.Identity;

/// <summary>Where the authority's keys are kept: outside grain storage, readable by the control plane alone.</summary>
public interface IAuthorityKeyStore
{
    /// <summary>Reads the keys; null when there are none yet.</summary>
    /// <exception cref="FormatException">
    /// What is stored is no complete set of keys; it must be repaired, not replaced.
    /// </exception>
    Task<AuthorityKeys?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Saves the first keys, durably, unless somebody was first.</summary>
    /// <returns>The keys that are stored now: these, or those of whoever was first.</returns>
    Task<AuthorityKeys> CreateAsync(AuthorityKeys keys, CancellationToken cancellationToken);

    /// <summary>Replaces the keys, durably and all at once, unless somebody was first.</summary>
    /// <param name="held">The keys that are replaced.</param>
    /// <param name="next">The keys that take their place.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The keys that are stored now: the next, or those of whoever was first.</returns>
    Task<AuthorityKeys> ReplaceAsync(AuthorityKeys held, AuthorityKeys next, CancellationToken cancellationToken);
}
