
namespace MeshOrleans.Grains.Workloads;

/// <summary>
/// One join token: good for one use, by whoever holds it, for one service account, until it expires. Key: the
/// lower-case hex SHA-256 of the secret; the secret itself is stored nowhere.
/// </summary>
[Alias("mesh.IJoinTokenGrain")]
public interface IJoinTokenGrain : IGrainWithStringKey
{
    /// <summary>Makes the token known; once more for the same grant changes nothing.</summary>
    [Alias("Mint")]
    Task MintAsync(JoinTokenGrant grant, CancellationToken cancellationToken);

    /// <summary>
    /// Uses the token up for one claim. Only that gets <see cref="RedeemResult.Granted"/>, and may ask again until half
    /// a minute after the use was finished: whoever was told that nothing was acknowledged, or not answered, must be able
    /// to repeat it.
    /// </summary>
    /// <param name="usedBy">Who uses it, for the record.</param>
    /// <param name="claim">
    /// What two requests have in common that are one, such as a hash of a CSR; empty when no request is a repetition.
    /// </param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [Alias("RedeemFor")]
    Task<RedeemResult> RedeemAsync(string usedBy, string claim, CancellationToken cancellationToken);

    /// <summary>What <see cref="RedeemAsync"/> would answer now; nothing is used up.</summary>
    [Alias("Look")]
    Task<RedeemResult> LookAsync(string claim, CancellationToken cancellationToken);

    /// <summary>What the token was used for has been done: five minutes from now on nobody is granted it.</summary>
    [Alias("Finish")]
    Task FinishAsync(CancellationToken cancellationToken);
}

/// <summary>What a token allows.</summary>
/// <param name="Purpose">What it may be used for: <c>workload</c> (join and first certificate) or <c>peer</c>.</param>
/// <param name="Namespace">The namespace its bearer may join.</param>
/// <param name="ServiceAccount">The service account its bearer becomes.</param>
/// <param name="Group">The WorkloadGroup its bearer belongs to; empty when none.</param>
/// <param name="ExpiresAt">From then on it is refused.</param>
/// <param name="Node">
/// The one node that may have a certificate by it, <c>namespace/name</c>; null when its bearer says which it is.
/// </param>
/// <param name="Attested">
/// Which node its bearer is by the proof for which it was given (<see cref="Identity.NodeProof.Attested"/>); null when
/// there was none.
/// </param>
/// <param name="OnlyFirst">Whether it is no good for a node that has had a certificate before.</param>
[GenerateSerializer, Immutable, Alias("mesh.JoinTokenGrant")]
public sealed record JoinTokenGrant(
    [property: Id(0)] string Purpose,
    [property: Id(1)] string Namespace,
    [property: Id(2)] string ServiceAccount,
    [property: Id(3)] string Group,
    [property: Id(4)] DateTimeOffset ExpiresAt,
    [property: Id(5)] string? Node = null,
    [property: Id(6)] string? Attested = null,
    [property: Id(7)] bool OnlyFirst = false);

/// <summary>What became of an attempt to use a token.</summary>
[GenerateSerializer, Immutable, Alias("mesh.RedeemResult")]
public abstract record RedeemResult
{
    private RedeemResult()
    {
    }

    /// <summary>The token was good and is now used up.</summary>
    [GenerateSerializer, Immutable, Alias("mesh.RedeemResult.Granted")]
    public sealed record Granted([property: Id(0)] JoinTokenGrant Grant) : RedeemResult;

    /// <summary>No such token was ever minted here.</summary>
    [GenerateSerializer, Immutable, Alias("mesh.RedeemResult.Unknown")]
    public sealed record Unknown : RedeemResult;

    /// <summary>Somebody used it before.</summary>
    /// <param name="UsedAt">When.</param>
    [GenerateSerializer, Immutable, Alias("mesh.RedeemResult.Used")]
    public sealed record Used([property: Id(0)] DateTimeOffset UsedAt) : RedeemResult;

    /// <summary>Its time is over.</summary>
    /// <param name="ExpiredAt">Since when.</param>
    [GenerateSerializer, Immutable, Alias("mesh.RedeemResult.Expired")]
    public sealed record Expired([property: Id(0)] DateTimeOffset ExpiredAt) : RedeemResult;
}
