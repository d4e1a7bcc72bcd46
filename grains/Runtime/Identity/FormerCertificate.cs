namespace MeshOrleans.Grains.Identity;

/// <summary>A certificate after which its node has had another one, and that is good for renewal still.</summary>
/// <param name="NodeId">Whose it is.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="NotAfter">When it ends.</param>
[GenerateSerializer, Immutable, Alias("mesh.FormerCertificate")]
internal sealed record FormerCertificate(
    [property: Id(0)] string NodeId, [property: Id(1)] string Serial, [property: Id(2)] DateTimeOffset NotAfter);
