namespace MeshOrleans.Grains.Identity;

/// <summary>
/// A certificate that is good for renewal still, though its node has had another one after it, or it has ended.
/// </summary>
/// <param name="NodeId">Whose it is.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="NotAfter">When it ends.</param>
[GenerateSerializer, Immutable, Alias("mesh.FormerCertificate")]
internal sealed record FormerCertificate(
    [property: Id(0)] string NodeId, [property: Id(1)] string Serial, [property: Id(2)] DateTimeOffset NotAfter)
{
    /// <summary>What is remembered of a certificate that was in use.</summary>
    public static FormerCertificate Of(CertificateView view) => new(view.NodeId, view.Serial, view.NotAfter);
}
