using System.Collections.Immutable;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// One SPIFFE identity and the certificates in use under it, one for each node that holds a key. Key: the SPIFFE ID.
/// The caller of this grain has authenticated the identity; nothing in the CSR but its public key counts.
/// </summary>
[Alias("mesh.IIdentityGrain")]
public interface IIdentityGrain : IGrainWithStringKey
{
    /// <summary>Has the key of a CSR signed for this identity: once, however often the call is repeated.</summary>
    /// <remarks>
    /// <para>
    /// A call is a repetition when CSR (byte for byte), node and lifetime (as granted) are those of an earlier one. It
    /// is answered with the same certificate until that is due: until its <see cref="CertificateView.RotateAt"/>, the
    /// next <see cref="RotateAsync"/>, or a change of the mesh's roots. From then on the same call is a new request,
    /// with a new serial and a full lifetime. Of each node the last four requests are remembered.
    /// </para>
    /// <para>
    /// Serial and time are saved before anything is signed. A call that failed, for whatever reason, has handed nothing
    /// out; repeated within ten minutes and half the lifetime, it gets the serial that was fixed for it.
    /// </para>
    /// </remarks>
    /// <exception cref="Orleans.Storage.InconsistentStateException">
    /// Another activation of this grain was faster, and this one has handed nothing out: repeat the call.
    /// </exception>
    [Alias("Issue")]
    Task<IssueResult> IssueAsync(IssueRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// What <see cref="IssueAsync"/> would have against the node of a request, so that nothing else need be done for it:
    /// <see cref="IssueResult.Known"/>, <see cref="IssueResult.OtherNode"/>, <see cref="IssueResult.Superseded"/>, or null for
    /// nothing. Nothing is remembered.
    /// The CSR may be empty when there is none yet.
    /// </summary>
    [Alias("FindNodeFault")]
    Task<IssueResult?> FindNodeFaultAsync(IssueRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// To which node a certificate was issued that is its newest one or the one before, also after it has ended: for
    /// <see cref="MeshOrleans.Model.Identity.EndedCertificateProof.LongestGrace"/>.
    /// </summary>
    /// <param name="serial">Its serial, upper-case hex.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The node id; null when there is none such.</returns>
    [Alias("FindNode")]
    Task<string?> FindNodeAsync(string serial, CancellationToken cancellationToken);

    /// <summary>
    /// Makes every certificate of this identity due now: gateways sign the CSRs staged with them and push.
    /// </summary>
    /// <returns>How many certificates became due.</returns>
    [Alias("Rotate")]
    Task<int> RotateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes every certificate of this identity due, each at a moment of its own, by chance.
    /// </summary>
    /// <param name="spread">The time over which they are spread; zero makes all of them due now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many certificates become due.</returns>
    [Alias("RotateOver")]
    Task<int> RotateOverAsync(TimeSpan spread, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets a certificate that has been revoked: it is in use no longer, and no repeated request is answered with it.
    /// </summary>
    /// <returns>False when it was not known.</returns>
    [Alias("Forget")]
    Task<bool> ForgetAsync(string serial, CancellationToken cancellationToken);

    /// <summary>Every certificate in use, by node.</summary>
    [Alias("List")]
    Task<ImmutableArray<CertificateView>> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A CSR to be signed.</summary>
/// <param name="Csr">PKCS#10, DER. At most 16 KiB.</param>
/// <param name="NodeId">The proxy or process that holds the key.</param>
/// <param name="Lifetime">The lifetime asked for; null for the authority's default. Clamped to its maximum.</param>
/// <param name="Proof">
/// What is known of the node; null where there is nothing to hold against it, as on a stream that renews.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.IssueRequest")]
public sealed record IssueRequest(
    [property: Id(0)] ImmutableArray<byte> Csr,
    [property: Id(1)] string NodeId,
    [property: Id(2)] TimeSpan? Lifetime,
    [property: Id(3)] NodeProof? Proof = null);

/// <summary>What is known of a node that asks for a certificate.</summary>
/// <param name="Attested">
/// Which node it is by its proof, such as one pod of a cluster, in words of the attestor: at most 512 characters; empty
/// when the proof does not say. It is remembered together with the certificate, in one write.
/// </param>
/// <param name="MayRepeat">Whether that node may have another certificate by such a proof.</param>
/// <param name="Serial">
/// The serial (upper-case hex) of the certificate that it presented; else empty. It must be the newest one of the node for which
/// the next is asked, or the one before that.
/// </param>
/// <param name="IsNameless">
/// Whether nobody has said which node it is: it is then the one to which the certificate was issued.
/// </param>
/// <param name="IsEnded">
/// Whether the certificate that it presented has ended, and a policy lets it count: that is noted in the audit trail.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.NodeProof")]
public sealed record NodeProof(
    [property: Id(0)] string Attested,
    [property: Id(1)] bool MayRepeat,
    [property: Id(2)] string Serial = "",
    [property: Id(3)] bool IsNameless = false,
    [property: Id(4)] bool IsEnded = false);

/// <summary>What became of a CSR.</summary>
[GenerateSerializer, Immutable, Alias("mesh.IssueResult")]
public abstract record IssueResult
{
    private IssueResult()
    {
    }

    /// <summary>A certificate that the authority has verified itself after signing.</summary>
    /// <param name="ChainPem">Leaf first, then the signing certificate; the root is not part of it.</param>
    /// <param name="View">Its facts.</param>
    [GenerateSerializer, Immutable, Alias("mesh.IssueResult.Issued")]
    public sealed record Issued(
        [property: Id(0)] ImmutableArray<string> ChainPem,
        [property: Id(1)] CertificateView View) : IssueResult;

    /// <summary>The CSR is not acceptable.</summary>
    /// <param name="Reason">Why, for the caller and the log.</param>
    [GenerateSerializer, Immutable, Alias("mesh.IssueResult.Refused")]
    public sealed record Refused([property: Id(0)] string Reason) : IssueResult;

    /// <summary>The node has had a certificate before, and by its proof it does not get another one.</summary>
    [GenerateSerializer, Immutable, Alias("mesh.IssueResult.Known")]
    public sealed record Known : IssueResult;

    /// <summary>The certificate that was presented is another node's.</summary>
    /// <param name="NodeId">Whose it is.</param>
    [GenerateSerializer, Immutable, Alias("mesh.IssueResult.OtherNode")]
    public sealed record OtherNode([property: Id(0)] string NodeId) : IssueResult;

    /// <summary>The certificate that was presented is neither the newest one of a node nor the one before.</summary>
    [GenerateSerializer, Immutable, Alias("mesh.IssueResult.Superseded")]
    public sealed record Superseded : IssueResult;

    /// <summary>The node has certificates signed more often than it may. Nothing was signed.</summary>
    /// <param name="RetryAfter">When the next one may be.</param>
    [GenerateSerializer, Immutable, Alias("mesh.IssueResult.TooOften")]
    public sealed record TooOften([property: Id(0)] TimeSpan RetryAfter) : IssueResult;
}

/// <summary>The facts of one certificate.</summary>
/// <param name="NodeId">Who holds its key.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="Issuer">Subject of the signing certificate.</param>
/// <param name="NotBefore">Start of validity.</param>
/// <param name="NotAfter">End of validity.</param>
/// <param name="RotateAt">When the next one is due.</param>
/// <param name="Generation">The identity's rotation generation it was signed in.</param>
/// <param name="IssuedAt">When it was signed; null for one of a former version.</param>
/// <param name="Root">SHA-256 of the root that it leads to, lower-case hex; null for one of a former version.</param>
/// <param name="DueAt">When the rotation that an operator has asked for comes to it; null when none has, or at once.</param>
[GenerateSerializer, Immutable, Alias("mesh.CertificateView")]
public sealed record CertificateView(
    [property: Id(0)] string NodeId,
    [property: Id(1)] string Serial,
    [property: Id(2)] string Issuer,
    [property: Id(3)] DateTimeOffset NotBefore,
    [property: Id(4)] DateTimeOffset NotAfter,
    [property: Id(5)] DateTimeOffset RotateAt,
    [property: Id(6)] long Generation,
    [property: Id(7)] DateTimeOffset? IssuedAt = null,
    [property: Id(8)] string? Root = null,
    [property: Id(9)] DateTimeOffset? DueAt = null);
