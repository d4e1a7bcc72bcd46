namespace MeshOrleans.Grains.Issuers;

/// <summary>
/// The keys that were fetched from one address. Key: the address. The last good ones stay while fetching fails, until
/// they are too old; then there are none, and tokens of that issuer are refused.
/// </summary>
[Alias("mesh.IIssuerKeysGrain")]
public interface IIssuerKeysGrain : IGrainWithStringKey
{
    /// <summary>Takes over what was fetched just now.</summary>
    /// <param name="keySet">The public keys as JSON text.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [Alias("Replace")]
    Task ReplaceAsync(string keySet, int count, CancellationToken cancellationToken);

    /// <summary>Notes that fetching failed, and gives up keys that are too old.</summary>
    /// <param name="error">Why, for the operator.</param>
    /// <param name="maxAge">How old keys may be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [Alias("NoteFailure")]
    Task NoteFailureAsync(string error, TimeSpan maxAge, CancellationToken cancellationToken);

    /// <summary>Nobody wants keys from there any more: all that is known of them goes.</summary>
    [Alias("Forget")]
    Task ForgetAsync(CancellationToken cancellationToken);
}
