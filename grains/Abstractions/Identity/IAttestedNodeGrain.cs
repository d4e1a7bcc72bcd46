namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Remembers that a node has had a certificate without having one, so that the next time is known to be a next time. Key:
/// the SPIFFE ID, a bar, and the node.
/// </summary>
[Alias("mesh.IAttestedNodeGrain")]
public interface IAttestedNodeGrain : IGrainWithStringKey
{
    /// <summary>Lets the node have a certificate, and remembers that; or not, when it is not the first and may not be.</summary>
    /// <param name="claim">What a repetition of the request has in common with it; for five minutes it is let through.</param>
    /// <param name="mayRepeat">Whether one that is not the first is let through.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    [Alias("Admit")]
    Task<bool> AdmitAsync(string claim, bool mayRepeat, CancellationToken cancellationToken);
}
