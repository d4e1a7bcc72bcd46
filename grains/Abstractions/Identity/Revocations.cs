namespace MeshOrleans.Grains.Identity;

/// <summary>What is to be revoked.</summary>
/// <param name="Serial">The serial number, hex.</param>
/// <param name="SpiffeId">Whose it is; empty when that is not known.</param>
/// <param name="Reason">Why, by name: one of <c>RevocationReasonNames.Sayable</c>.</param>
/// <param name="NotAfter">When it ends; null when that is not known.</param>
[GenerateSerializer, Immutable, Alias("mesh.RevokeRequest")]
public sealed record RevokeRequest(
    [property: Id(0)] string Serial,
    [property: Id(1)] string SpiffeId,
    [property: Id(2)] string Reason,
    [property: Id(3)] DateTimeOffset? NotAfter);

/// <summary>What became of it.</summary>
/// <param name="Fault">Why it cannot be revoked; null when it is.</param>
/// <param name="View">What is known of it; null when it is not revoked.</param>
[GenerateSerializer, Immutable, Alias("mesh.RevokeResult")]
public sealed record RevokeResult([property: Id(0)] string? Fault, [property: Id(1)] RevocationView? View);

/// <summary>A certificate that is revoked.</summary>
/// <param name="Serial">The serial number, upper-case hex.</param>
/// <param name="SpiffeId">Whose it is; empty when that is not known.</param>
/// <param name="Reason">Why, by name: one of <c>RevocationReasonNames.Sayable</c>.</param>
/// <param name="RevokedAt">When.</param>
/// <param name="NotAfter">When it ends, and is told of no longer.</param>
[GenerateSerializer, Immutable, Alias("mesh.RevocationView")]
public sealed record RevocationView(
    [property: Id(0)] string Serial,
    [property: Id(1)] string SpiffeId,
    [property: Id(2)] string Reason,
    [property: Id(3)] DateTimeOffset RevokedAt,
    [property: Id(4)] DateTimeOffset NotAfter);
