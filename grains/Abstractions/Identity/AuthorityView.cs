using System.Collections.Immutable;

namespace MeshOrleans.Grains.Identity;

/// <summary>How far the authority is with following another root.</summary>
[GenerateSerializer, Alias("mesh.AuthorityPhase")]
public enum AuthorityPhase
{
    /// <summary>There is one root, and it signs.</summary>
    Settled,

    /// <summary>The next root is in every bundle and signs nothing yet.</summary>
    Publishing,

    /// <summary>The new root signs; the former one stays until the last certificate under it has ended.</summary>
    Retiring,
}

/// <summary>The authority as it stands.</summary>
/// <param name="Phase">How far a rotation is.</param>
/// <param name="Since">Since when; null before the first rotation.</param>
/// <param name="Sequence">The <see cref="AuthorityBundle.Sequence"/> of the roots.</param>
/// <param name="Roots">The roots in every bundle, oldest first.</param>
/// <param name="StepAt">
/// While publishing, when the new root signs at the latest; while retiring, when the former one leaves; else null.
/// </param>
/// <param name="Missed">Proxies that did not have the new root when it began to sign: at most a hundred of them.</param>
/// <param name="MissedCount">How many there were.</param>
/// <param name="Audience">Who has these roots now.</param>
/// <param name="IsTurnedBack">Whether a rotation was turned back: the root that leaves is the newer one.</param>
/// <param name="Warnings">
/// What an operator should do something about; none, or default, when there is nothing (or a silo does not say).
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.AuthorityView")]
public sealed record AuthorityView(
    [property: Id(0)] AuthorityPhase Phase,
    [property: Id(1)] DateTimeOffset? Since,
    [property: Id(2)] long Sequence,
    [property: Id(3)] ImmutableArray<RootView> Roots,
    [property: Id(4)] DateTimeOffset? StepAt,
    [property: Id(5)] ImmutableArray<string> Missed,
    [property: Id(6)] int MissedCount,
    [property: Id(7)] AudienceView Audience,
    [property: Id(8)] bool IsTurnedBack = false,
    [property: Id(9)] ImmutableArray<string> Warnings = default);

/// <summary>Which proxies have the roots. Those whose roots are files are not counted: they acknowledge nothing.</summary>
/// <param name="Holding">How many have them.</param>
/// <param name="LaggingCount">How many have older ones.</param>
/// <param name="Lagging">At most a hundred of those, by node id.</param>
/// <param name="IsComplete">False when nobody was asked, or somebody may not have been told of yet.</param>
[GenerateSerializer, Immutable, Alias("mesh.AudienceView")]
public sealed record AudienceView(
    [property: Id(0)] int Holding,
    [property: Id(1)] int LaggingCount,
    [property: Id(2)] ImmutableArray<string> Lagging,
    [property: Id(3)] bool IsComplete);

/// <summary>One root.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate, lower-case hex.</param>
/// <param name="Subject">Its name.</param>
/// <param name="NotBefore">Start of validity.</param>
/// <param name="NotAfter">End of validity.</param>
/// <param name="Signs">Whether certificates are signed under it now.</param>
/// <param name="SignsUntil">
/// The end of its signing certificate, which no certificate outlives; null when it is not here.
/// </param>
/// <param name="RenewsItself">
/// Whether the control plane can renew the signing certificate; false where the root's key is not here.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.RootView")]
public sealed record RootView(
    [property: Id(0)] string Fingerprint,
    [property: Id(1)] string Subject,
    [property: Id(2)] DateTimeOffset NotBefore,
    [property: Id(3)] DateTimeOffset NotAfter,
    [property: Id(4)] bool Signs,
    [property: Id(5)] DateTimeOffset? SignsUntil,
    [property: Id(6)] bool RenewsItself);

/// <summary>What became of the wish for a rotation.</summary>
/// <param name="Reason">Why it was not begun; null when it was.</param>
/// <param name="View">The authority as it stands now.</param>
[GenerateSerializer, Immutable, Alias("mesh.RotationResult")]
public sealed record RotationResult([property: Id(0)] string? Reason, [property: Id(1)] AuthorityView View);
