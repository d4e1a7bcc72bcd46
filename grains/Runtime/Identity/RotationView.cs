using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Grains.Identity;

/// <summary>The authority as it is shown.</summary>
internal static class RotationView
{
    private const int MaxNames = 100;

    public static AuthorityView Of(
        AuthorityState state,
        AuthorityKeys keys,
        RootAudience audience,
        AuthorityOptions options,
        ImmutableArray<string> warnings) => new(
        state.Phase,
        state.Since,
        state.Sequence,
        [.. state.RootsPem.Select(root => Of(root, state, keys))],
        state.Phase switch
        {
            AuthorityPhase.Publishing => RotationMachine.SignsAt(state, keys, options),
            AuthorityPhase.Retiring => state.LeavesAt,
            _ => null,
        },
        state.Missed,
        state.MissedCount,
        new AudienceView(
            audience.Holding, audience.Lagging.Length, [.. audience.Lagging.Take(MaxNames)], audience.IsComplete),
        state.IsTurnedBack,
        warnings);

    private static RootView Of(string rootPem, AuthorityState state, AuthorityKeys keys)
    {
        using var root = X509Certificate2.CreateFromPem(rootPem);
        var fingerprint = AuthorityMaterial.FingerprintOf(rootPem);
        var material = keys.Find(fingerprint);
        return new RootView(
            fingerprint,
            root.Subject,
            root.NotBefore.ToUniversalTime(),
            root.NotAfter.ToUniversalTime(),
            Signs: material == RotationMachine.SignerOf(state, keys),
            material is null ? null : AuthorityCertificates.EndOf(material),
            RenewsItself: material?.RootKey.Length > 0);
    }
}
