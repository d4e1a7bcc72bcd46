
namespace MeshOrleans.Grains.Workloads;

/// <summary>
/// One join token: good for one use, by whoever holds it, for one service account, until it expires. Key: the
/// lower-case hex SHA-256 of the secret; the secret itself is stored nowhere.
/// </summary>
[Alias("mesh.IJoinTokenGrain")]
public interface IJoinTokenGrain : IGrainWithStringKey
{
    /// <summary>Makes the token known.</summary>
    [Alias("Mint")]
    Task MintAsync(JoinTokenGrant grant, CancellationToken cancellationToken);

    /// <summary>Uses the token up. Exactly one caller ever gets <see cref="RedeemResult.Granted"/>.</summary>
    [Alias("Redeem")]
    Task<RedeemResult> RedeemAsync(string usedBy, CancellationToken cancellationToken);
}

/// <summary>What a token allows.</summary>
/// <param name="Purpose">What it may be used for: <c>workload</c> (join and first certificate) or <c>peer</c>.</param>
/// <param name="Namespace">The namespace its bearer may join.</param>
/// <param name="ServiceAccount">The service account its bearer becomes.</param>
/// <param name="Group">The WorkloadGroup its bearer belongs to; empty when none.</param>
/// <param name="ExpiresAt">From then on it is refused.</param>
[GenerateSerializer, Immutable, Alias("mesh.JoinTokenGrant")]
public sealed record JoinTokenGrant(
    [property: Id(0)] string Purpose,
    [property: Id(1)] string Namespace,
    [property: Id(2)] string ServiceAccount,
    [property: Id(3)] string Group,
    [property: Id(4)] DateTimeOffset ExpiresAt);

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
