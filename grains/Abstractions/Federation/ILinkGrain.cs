using System.Collections.Immutable;

namespace MeshOrleans.Grains.Federation;

/// <summary>
/// One federation link: the other mesh's trust bundle and the services it exports. Key: the local name of the other
/// mesh. What it last imported stays until the link is removed: the other control plane being away changes nothing.
/// </summary>
[Alias("mesh.ILinkGrain")]
public interface ILinkGrain : IGrainWithStringKey
{
    /// <summary>Creates the link, or replaces its address, credential and bundle.</summary>
    [Alias("Establish")]
    Task<LinkResult> EstablishAsync(LinkTerms terms, CancellationToken cancellationToken);

    /// <summary>
    /// Takes over a full reading of the other mesh's exports. Refused when its lists of revoked certificates cannot be read: the
    /// former ones stay then, and the rest of the reading is taken over all the same.
    /// </summary>
    [Alias("Import")]
    Task<LinkResult> ImportAsync(ImportedState state, CancellationToken cancellationToken);

    /// <summary>Notes that an attempt to read the other mesh failed.</summary>
    [Alias("NoteFailure")]
    Task NoteFailureAsync(string error, CancellationToken cancellationToken);

    /// <summary>Ends the link; everything imported over it goes. False when there is no such link.</summary>
    [Alias("Remove")]
    Task<bool> RemoveAsync(CancellationToken cancellationToken);

    /// <summary>The terms, credential included; null when there is no such link.</summary>
    [Alias("FindTerms")]
    Task<LinkTerms?> FindTermsAsync(CancellationToken cancellationToken);
}

/// <summary>What two meshes agreed on.</summary>
/// <param name="TrustDomain">The other mesh's trust domain; never this mesh's own.</param>
/// <param name="Address">Where the other control plane answers: host:port, or a URI.</param>
/// <param name="RootsPem">The other mesh's roots.</param>
/// <param name="OutboundCredential">The secret this mesh presents to the other.</param>
/// <param name="InboundCredentialHash">Hex SHA-256 of the secret the other presents to this mesh.</param>
[GenerateSerializer, Immutable, Alias("mesh.LinkTerms")]
public sealed record LinkTerms(
    [property: Id(0)] string TrustDomain,
    [property: Id(1)] string Address,
    [property: Id(2)] ImmutableArray<string> RootsPem,
    [property: Id(3)] string OutboundCredential,
    [property: Id(4)] string InboundCredentialHash)
{
    /// <summary>Says nothing of the secrets.</summary>
    public override string ToString() => $"LinkTerms {{ TrustDomain = {TrustDomain}, Address = {Address} }}";
}

/// <summary>A full reading of the other mesh.</summary>
/// <param name="RootsPem">Its roots now.</param>
/// <param name="Services">Its exported services, each as <c>SnapshotPayload</c> writes an imported service.</param>
[GenerateSerializer, Immutable, Alias("mesh.ImportedState")]
public sealed record ImportedState(
    [property: Id(0)] ImmutableArray<string> RootsPem,
    [property: Id(1)] ImmutableArray<string> Services)
{
    /// <summary>
    /// Lists of what it has revoked, PEM; null when it does not say, and then nothing changes. A part of the reading and no
    /// request of its own: a silo of a former version, where the link may still be, passes it over.
    /// </summary>
    [Id(2)] public ImmutableArray<string>? CrlsPem { get; init; }
}

/// <summary>What became of it.</summary>
[GenerateSerializer, Immutable, Alias("mesh.LinkResult")]
public abstract record LinkResult
{
    private LinkResult()
    {
    }

    /// <summary>Done.</summary>
    [GenerateSerializer, Immutable, Alias("mesh.LinkResult.Done")]
    public sealed record Done : LinkResult;

    /// <summary>Not done.</summary>
    /// <param name="Reason">Why, for the operator and the log.</param>
    [GenerateSerializer, Immutable, Alias("mesh.LinkResult.Refused")]
    public sealed record Refused([property: Id(0)] string Reason) : LinkResult;
}
