using System.Diagnostics.CodeAnalysis;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// Who this sidecar is at one moment: its certificate, its next key, and whom it believes.
/// Immutable.
/// </summary>
/// <param name="Trust">The bundles; null before the first contact.</param>
/// <param name="Svid">The certificate; null before the first one.</param>
/// <param name="Staged">The key that the next certificate will certify.</param>
/// <param name="Tls">What the data plane presents; null while certificate or bundles are missing.</param>
internal sealed record SidecarIdentity(Trust? Trust, Svid? Svid, StagedKey Staged, TlsIdentity? Tls)
{
    public SpiffeId? Id => Tls?.Id;

    /// <summary>True when there is a certificate and the clock is within its validity.</summary>
    [MemberNotNullWhen(true, nameof(Svid), nameof(Tls), nameof(Trust))]
    public bool IsValid(DateTimeOffset now) =>
        Svid is not null && Tls is not null && Trust is not null && Svid.NotBefore <= now && now < Svid.NotAfter;
}
