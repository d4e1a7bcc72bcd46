using System.Collections.Immutable;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// The mesh's certificate authority. Key: <see cref="MeshKeys.Default"/>. Tells the snapshot its roots; calls nobody
/// else.
/// </summary>
[Alias("mesh.ICertificateAuthorityGrain")]
public interface ICertificateAuthorityGrain : IGrainWithStringKey
{
    /// <summary>Signs a public key for an identity, verifies its own output, and only then hands it out.</summary>
    [Alias("Sign")]
    Task<SignResult> SignAsync(SignRequest request, CancellationToken cancellationToken);

    /// <summary>The roots that vouch for this mesh's trust domain; creates the authority at the first call.</summary>
    [Alias("GetBundle")]
    Task<AuthorityBundle> GetBundleAsync(CancellationToken cancellationToken);
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
[GenerateSerializer, Immutable, Alias("mesh.SignRequest")]
public sealed record SignRequest(
    [property: Id(0)] string SpiffeId,
    [property: Id(1)] ImmutableArray<byte> Csr,
    [property: Id(2)] TimeSpan? Lifetime,
    [property: Id(3)] ImmutableArray<string> DnsNames);

/// <summary>What became of it.</summary>
[GenerateSerializer, Immutable, Alias("mesh.SignResult")]
public abstract record SignResult
{
    private SignResult()
    {
    }

    /// <summary>Signed and verified.</summary>
    /// <param name="ChainPem">Leaf first, then the signing certificate.</param>
    /// <param name="Serial">Upper-case hex.</param>
    /// <param name="Issuer">Subject of the signing certificate.</param>
    /// <param name="NotBefore">Start of validity.</param>
    /// <param name="NotAfter">End of validity.</param>
    [GenerateSerializer, Immutable, Alias("mesh.SignResult.Signed")]
    public sealed record Signed(
        [property: Id(0)] ImmutableArray<string> ChainPem,
        [property: Id(1)] string Serial,
        [property: Id(2)] string Issuer,
        [property: Id(3)] DateTimeOffset NotBefore,
        [property: Id(4)] DateTimeOffset NotAfter) : SignResult;

    /// <summary>Not signed.</summary>
    /// <param name="Reason">Why, for the caller and the log.</param>
    [GenerateSerializer, Immutable, Alias("mesh.SignResult.Refused")]
    public sealed record Refused([property: Id(0)] string Reason) : SignResult;
}

/// <summary>The roots of this mesh.</summary>
/// <param name="TrustDomain">Whose identities they vouch for.</param>
/// <param name="RootsPem">PEM, oldest first.</param>
/// <param name="Sequence">Rises with every change.</param>
[GenerateSerializer, Immutable, Alias("mesh.AuthorityBundle")]
public sealed record AuthorityBundle(
    [property: Id(0)] string TrustDomain,
    [property: Id(1)] ImmutableArray<string> RootsPem,
    [property: Id(2)] long Sequence);
