namespace MeshOrleans.Grains.Identity;

/// <summary>A node that has had a certificate without having one.</summary>
/// <param name="At">When it was signed, the last time.</param>
/// <param name="CsrHash">SHA-256 of the CSR, upper-case hex: by it a repetition is known.</param>
[GenerateSerializer, Immutable, Alias("mesh.AttestedNode")]
internal sealed record AttestedNode([property: Id(0)] DateTimeOffset At, [property: Id(1)] string CsrHash);
