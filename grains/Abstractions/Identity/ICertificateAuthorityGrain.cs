using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// The mesh's certificate authority. Key: <see cref="MeshKeys.Default"/>. Tells the snapshot its roots; while they change it
/// asks the subscriptions of proxies, and the gateway directory, who has them.
/// </summary>
[Alias("mesh.ICertificateAuthorityGrain")]
public interface ICertificateAuthorityGrain : IGrainWithStringKey
{
    /// <summary>Says whether a request would be signed, and on what terms. Nothing is signed or kept.</summary>
    [Alias("Examine")]
    Task<ExamineResult> ExamineAsync(SignRequest request, CancellationToken cancellationToken);

    /// <summary>Signs a public key for an identity, verifies its own output, and only then hands it out.</summary>
    /// <remarks>
    /// Remembers nothing of it: who must not have two certificates where one was asked for makes a
    /// <see cref="SerialReservation"/> first and comes with the same one again.
    /// </remarks>
    [Alias("Sign")]
    Task<SignResult> SignAsync(SignRequest request, CancellationToken cancellationToken);

    /// <summary>The roots that vouch for this mesh's trust domain; creates the authority at the first call.</summary>
    [Alias("GetBundle")]
    Task<AuthorityBundle> GetBundleAsync(CancellationToken cancellationToken);

    /// <summary>How the authority stands, and how far a rotation is.</summary>
    [AlwaysInterleave, Alias("Describe")]
    Task<AuthorityView> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Begins to replace the root by a new one. It is in every bundle at once, signs when the proxies have it (or have been
    /// waited for long enough), and the former one leaves after the last certificate under it has ended.
    /// </summary>
    /// <returns>A reason when another rotation is under way.</returns>
    [Alias("Rotate")]
    Task<RotationResult> RotateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Turns a rotation back: one that has only been published is given up; after that the former root signs again, and the
    /// new one leaves after the last certificate under it has ended. One that has been turned back stays so.
    /// </summary>
    /// <returns>A reason when none is under way.</returns>
    [Alias("TurnBack")]
    Task<RotationResult> TurnBackAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Ends the phase of a rotation now: a published root signs, whoever has it; or the root that no longer signs leaves, and
    /// with it every certificate under it.
    /// </summary>
    /// <param name="phase">The phase that the caller saw and means to end.</param>
    /// <param name="sequence">The <see cref="AuthorityView.Sequence"/> that it saw with it, so that no phase ends twice.</param>
    /// <param name="cancellationToken">Gives up before anything is changed.</param>
    /// <returns>A reason when none is under way, or the authority is no longer where the caller saw it.</returns>
    [Alias("ForcePhase")]
    Task<RotationResult> ForceAsync(AuthorityPhase phase, long sequence, CancellationToken cancellationToken);

    /// <summary>
    /// Revokes a certificate: everybody is told to believe it no longer. It is remembered until it would have ended,
    /// and for <see cref="MeshOrleans.Model.Identity.EndedCertificateProof.LongestGrace"/> after that. One that
    /// was revoked before stays as it was.
    /// </summary>
    /// <returns>A reason when it cannot be revoked.</returns>
    [Alias("Revoke")]
    Task<RevokeResult> RevokeAsync(RevokeRequest request, CancellationToken cancellationToken);

    /// <summary>The certificates that are revoked one by one, oldest first.</summary>
    [Alias("ListRevoked")]
    Task<ImmutableArray<RevocationView>> ListRevokedAsync(CancellationToken cancellationToken);
}

/// <summary>What is to be signed.</summary>
/// <param name="SpiffeId">
/// The authenticated identity: the only name the certificate will carry, but for DNS names.
/// </param>
/// <param name="Csr">PKCS#10, DER; only its public key and its proof of possession count.</param>
/// <param name="Lifetime">The lifetime asked for; null for the default.</param>
/// <param name="DnsNames">
/// DNS names or IP addresses for the control plane's own serving certificate; else empty.
/// </param>
/// <param name="Reservation">
/// The serial and the time to sign with; null lets the authority draw a serial and read its clock.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.SignRequest")]
public sealed record SignRequest(
    [property: Id(0)] string SpiffeId,
    [property: Id(1)] ImmutableArray<byte> Csr,
    [property: Id(2)] TimeSpan? Lifetime,
    [property: Id(3)] ImmutableArray<string> DnsNames,
    [property: Id(4)] SerialReservation? Reservation = null);

/// <summary>
/// What would differ between two signatures for one request, fixed before the first: with the same reservation,
/// lifetime and signing certificate the content that is signed is the same.
/// </summary>
/// <param name="Serial">The serial: 16 random bytes, of which the first is 01 to 7F.</param>
/// <param name="IssuedAt">
/// The time of issue. More than 15 minutes before or after the authority's clock it is refused.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.SerialReservation")]
public sealed record SerialReservation(
    [property: Id(0)] ImmutableArray<byte> Serial,
    [property: Id(1)] DateTimeOffset IssuedAt);

/// <summary>What the authority thinks of a request.</summary>
[GenerateSerializer, Immutable, Alias("mesh.ExamineResult")]
public abstract record ExamineResult
{
    private ExamineResult()
    {
    }

    /// <summary>It would be signed.</summary>
    /// <param name="Lifetime">The lifetime it would get: what was asked for, or the default, up to the maximum.</param>
    /// <param name="RootSequence">The <see cref="AuthorityBundle.Sequence"/> of the roots it would chain to.</param>
    [GenerateSerializer, Immutable, Alias("mesh.ExamineResult.Acceptable")]
    public sealed record Acceptable(
        [property: Id(0)] TimeSpan Lifetime,
        [property: Id(1)] long RootSequence) : ExamineResult;

    /// <summary>It would not.</summary>
    /// <param name="Reason">Why, for the caller and the log.</param>
    [GenerateSerializer, Immutable, Alias("mesh.ExamineResult.Refused")]
    public sealed record Refused([property: Id(0)] string Reason) : ExamineResult;
}

/// <summary>What became of it.</summary>
[GenerateSerializer, Immutable, Alias("mesh.SignResult")]
public abstract record SignResult
{
    private SignResult()
    {
    }

    /// <summary>Signed and verified.</summary>
    /// <param name="ChainPem">
    /// Leaf first, then the signing certificate and what leads from there to the root; the root is not part of it.
    /// </param>
    /// <param name="Serial">Upper-case hex.</param>
    /// <param name="Issuer">Subject of the signing certificate.</param>
    /// <param name="NotBefore">Start of validity.</param>
    /// <param name="NotAfter">End of validity.</param>
    /// <param name="Root">SHA-256 of the root that it leads to, lower-case hex; null from a silo that does not say.</param>
    [GenerateSerializer, Immutable, Alias("mesh.SignResult.Signed")]
    public sealed record Signed(
        [property: Id(0)] ImmutableArray<string> ChainPem,
        [property: Id(1)] string Serial,
        [property: Id(2)] string Issuer,
        [property: Id(3)] DateTimeOffset NotBefore,
        [property: Id(4)] DateTimeOffset NotAfter,
        [property: Id(5)] string? Root = null) : SignResult;

    /// <summary>Not signed.</summary>
    /// <param name="Reason">Why, for the caller and the log.</param>
    [GenerateSerializer, Immutable, Alias("mesh.SignResult.Refused")]
    public sealed record Refused([property: Id(0)] string Reason) : SignResult;
}

/// <summary>The roots of this mesh.</summary>
/// <param name="TrustDomain">Whose identities they vouch for.</param>
/// <param name="RootsPem">PEM, oldest first.</param>
/// <param name="Sequence">Rises with every change.</param>
/// <param name="SigningRootPem">
/// The root under which certificates are signed now; null from a silo that does not say: then it is the only one.
/// </param>
/// <param name="SignerPem">The certificate that signs now; null from a silo that does not say.</param>
/// <param name="Warnings">How many <see cref="AuthorityView.Warnings"/> there are.</param>
[GenerateSerializer, Immutable, Alias("mesh.AuthorityBundle")]
public sealed record AuthorityBundle(
    [property: Id(0)] string TrustDomain,
    [property: Id(1)] ImmutableArray<string> RootsPem,
    [property: Id(2)] long Sequence,
    [property: Id(3)] string? SigningRootPem = null,
    [property: Id(4)] string? SignerPem = null,
    [property: Id(5)] int Warnings = 0);
