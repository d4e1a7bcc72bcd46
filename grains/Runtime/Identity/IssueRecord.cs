using System.Collections.Immutable;
using System.Security.Cryptography;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// A request for a certificate: saved before it is signed, and with the answer afterwards, so that it is signed once.
/// </summary>
/// <param name="Key">Which request.</param>
/// <param name="Reservation">What it is signed with, however often that is tried.</param>
/// <param name="Answer">What was answered; null until it is signed.</param>
[GenerateSerializer, Immutable, Alias("mesh.IssueRecord")]
internal sealed record IssueRecord(
    [property: Id(0)] IssueKey Key,
    [property: Id(1)] SerialReservation Reservation,
    [property: Id(2)] IssueResult.Issued? Answer);

/// <summary>What makes two calls one request.</summary>
/// <param name="NodeId">Who holds the key.</param>
/// <param name="CsrHash">SHA-256 of the CSR, upper-case hex.</param>
/// <param name="Lifetime">The lifetime granted: who asks for another one wants another certificate.</param>
/// <param name="RootSequence">The roots: a chain to those of yesterday helps nobody.</param>
[GenerateSerializer, Immutable, Alias("mesh.IssueKey")]
internal sealed record IssueKey(
    [property: Id(0)] string NodeId,
    [property: Id(1)] string CsrHash,
    [property: Id(2)] TimeSpan Lifetime,
    [property: Id(3)] long RootSequence)
{
    public static IssueKey Of(IssueRequest request, ExamineResult.Acceptable terms) => new(
        request.NodeId,
        HashOf(request.Csr),
        terms.Lifetime,
        terms.RootSequence);

    /// <summary>By what a CSR is known: SHA-256, upper-case hex.</summary>
    public static string HashOf(ImmutableArray<byte> csr) => Convert.ToHexString(SHA256.HashData(csr.AsSpan()));
}
