namespace MeshOrleans.Grains.Identity.Revocations;

/// <summary>A certificate that an operator of this mesh has revoked, remembered until it would have ended anyway.</summary>
/// <param name="Serial">Its serial number, upper-case hex without leading zeros.</param>
/// <param name="SpiffeId">Whose it is; empty when that is not known.</param>
/// <param name="Reason">Why, by name.</param>
/// <param name="RevokedAt">When.</param>
/// <param name="NotAfter">When it ends; of one that nobody knows, when the last certificate that there can be does.</param>
[GenerateSerializer, Immutable, Alias("mesh.RevocationRecord")]
internal sealed record RevocationRecord(
    [property: Id(0)] string Serial,
    [property: Id(1)] string SpiffeId,
    [property: Id(2)] string Reason,
    [property: Id(3)] DateTimeOffset RevokedAt,
    [property: Id(4)] DateTimeOffset NotAfter);
