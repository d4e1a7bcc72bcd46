namespace MeshOrleans.Model.Identity;

/// <summary>What a peer's certificate has proved.</summary>
/// <param name="Id">The identity.</param>
/// <param name="NotBefore">From when the whole chain is valid: the latest start of its certificates.</param>
/// <param name="NotAfter">Until when: the earliest end. An authority may end before what it has signed.</param>
public sealed record PeerProof(SpiffeId Id, DateTimeOffset NotBefore, DateTimeOffset NotAfter);
