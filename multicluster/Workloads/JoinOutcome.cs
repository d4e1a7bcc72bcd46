using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Multicluster.Workloads.Attesting;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>What somebody presents in order to join.</summary>
public abstract record JoinCredential
{
    private JoinCredential()
    {
    }

    /// <summary>Somebody who may registers on behalf of a workload.</summary>
    public sealed record Operator : JoinCredential;

    /// <summary>The workload proves itself who it is.</summary>
    /// <param name="Value">What it presents.</param>
    /// <param name="Examined">What <see cref="Attestors.ExamineAsync"/> has found of it.</param>
    /// <param name="From">The address that it calls from; null when that is not known.</param>
    public sealed record Proof(Evidence Value, Attestation Examined, IPAddress? From = null) : JoinCredential;
}

/// <summary>What became of an attempt to join.</summary>
public abstract record JoinOutcome
{
    private JoinOutcome()
    {
    }

    public sealed record Joined(JoinAnswer Answer) : JoinOutcome;

    public sealed record Unauthenticated(string Reason) : JoinOutcome;

    public sealed record Forbidden(string Reason) : JoinOutcome;

    /// <summary>Somebody who has to be asked does not answer.</summary>
    public sealed record Unavailable(string Reason, TimeSpan RetryAfter) : JoinOutcome;

    /// <summary>The node has certificates signed too often.</summary>
    public sealed record TooOften(TimeSpan RetryAfter) : JoinOutcome;

    public sealed record Conflict(string Reason) : JoinOutcome;

    public sealed record Invalid(string Path, string Reason) : JoinOutcome;
}

/// <summary>Everything a new member needs to start.</summary>
/// <param name="Id"><c>namespace/name</c>.</param>
/// <param name="Created">False when it was a member already.</param>
/// <param name="SpiffeId">Its identity.</param>
/// <param name="LeaseSeconds">The period within which it must renew.</param>
/// <param name="TrustBundle">The roots it must trust.</param>
/// <param name="Xds">Where the gateway answers, <c>host:port</c>.</param>
/// <param name="SidecarConfig">
/// What <c>mesh-sidecar --config FILE</c> reads; holds a one-time token unless there is a certificate.
/// </param>
/// <param name="Certificate">Its certificate when it sent a CSR; else null.</param>
public sealed record JoinAnswer(
    string Id,
    bool Created,
    string SpiffeId,
    double LeaseSeconds,
    TrustBundleAnswer TrustBundle,
    string Xds,
    ImmutableSortedDictionary<string, string> SidecarConfig,
    CertificateAnswer? Certificate)
{
    public override string ToString() => $"JoinAnswer {{ Id = {Id} }}"; // the sidecar config holds a token
}

/// <summary>The roots of one trust domain.</summary>
public sealed record TrustBundleAnswer(string TrustDomain, ImmutableArray<string> Roots, long Sequence)
{
    /// <summary>The roots, PEM, a line's end behind each: joined as they are they are one file.</summary>
    public ImmutableArray<string> Roots { get; } = PemBlocks.Ended(Roots);

    /// <summary>The lists of revoked certificates of authorities under them, PEM; none where they are not told.</summary>
    public ImmutableArray<string> Crls { get; init; } = [];
}

/// <summary>A signed certificate with its chain.</summary>
/// <param name="Chain">PEM, leaf first; the root is not part of it.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="NotAfter">End of validity.</param>
/// <param name="RotateAt">When to ask for the next one.</param>
/// <param name="Note">What is other than was asked for, as a sentence; null when nothing is.</param>
public sealed record CertificateAnswer(
    ImmutableArray<string> Chain, string Serial, DateTimeOffset NotAfter, DateTimeOffset RotateAt, string? Note = null)
{
    /// <summary>PEM, leaf first, a line's end behind each: joined as they are they are one file.</summary>
    public ImmutableArray<string> Chain { get; } = PemBlocks.Ended(Chain);
}
