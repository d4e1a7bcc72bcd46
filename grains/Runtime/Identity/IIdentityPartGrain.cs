namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Keeps one part of an identity: some of its nodes, so that one certificate is one small record. Only the identity's own grain
/// (<see cref="IdentityParts"/>) asks it. Key: the SPIFFE ID, <c>#</c> and the number of the part.
/// </summary>
[Alias("mesh.IIdentityPartGrain")]
internal interface IIdentityPartGrain : IGrainWithStringKey
{
    /// <summary>What is saved.</summary>
    [Alias("Read")]
    Task<IdentityPart> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Saves what comes next.</summary>
    /// <param name="next">The part.</param>
    /// <param name="version">The version that it replaces, as read or saved before; null for none.</param>
    /// <param name="cancellationToken">Ends the wait; the write may happen all the same.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="Orleans.Storage.InconsistentStateException">The version is another one.</exception>
    [Alias("Replace")]
    Task<string?> ReplaceAsync(IdentityState next, string? version, CancellationToken cancellationToken);
}

/// <summary>A part as it is saved.</summary>
/// <param name="State">Its nodes.</param>
/// <param name="Version">Its version; null when nothing is saved.</param>
[GenerateSerializer, Immutable, Alias("mesh.IdentityPart")]
internal sealed record IdentityPart([property: Id(0)] IdentityState State, [property: Id(1)] string? Version);
