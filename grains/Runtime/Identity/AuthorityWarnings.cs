using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Grains.Identity;

/// <summary>What an operator should do something about, in sentences that stay the same until it changes.</summary>
internal static class AuthorityWarnings
{
    /// <summary>The share of its life below which a plugged-in signing certificate should be renewed.</summary>
    public const double LateSigner = 0.25;

    /// <summary>The share of its life below which a root should be followed by another one.</summary>
    /// <remarks>Source: Istio's self-signed root rotator, 20 % grace.</remarks>
    public const double LateRoot = 0.2;

    /// <summary>All of them.</summary>
    /// <param name="state">The authority.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="pluggedFault">What is wrong with the one in the operator's folder; empty when nothing is.</param>
    /// <param name="switchFault">Why the step of the rotation that is due waits; empty when none does.</param>
    /// <param name="options">How it works.</param>
    /// <param name="now">The time.</param>
    public static ImmutableArray<string> Of(
        AuthorityState state,
        AuthorityKeys keys,
        string pluggedFault,
        string switchFault,
        AuthorityOptions options,
        DateTimeOffset now)
    {
        var signing = RotationMachine.SignerOf(state, keys);
        var isPlugged = signing.RootKey.Length == 0;
        var found = ImmutableArray.CreateBuilder<string>();
        if (isPlugged && FindEnd(signing.SigningCertificate + "\n" + signing.Intermediates, LateSigner, now) is { } signerEnd)
        {
            found.Add(
                signerEnd <= now
                    ? $"The plugged-in signing certificate has ended at {signerEnd:u}: nobody gets a certificate until another "
                        + "one is put in its place."
                    : $"The plugged-in signing certificate ends at {signerEnd:u}, and no certificate outlives it: put a renewed "
                        + "one in its place.");
        }

        if (isPlugged && FindEnd(signing.RootCertificate, LateRoot, now) is { } rootEnd)
        {
            found.Add($"The plugged-in root ends at {rootEnd:u}: put an authority under another one in its place.");
        }

        if (state.Phase is AuthorityPhase.Publishing && !RotationMachine.IsLinked(state, keys))
        {
            found.Add(
                $"Nothing links the next root to the former one: it is published until "
                + $"{RotationMachine.SignsAt(state, keys, options):u}, so that nobody whose certificate is still good can have "
                + "been away all the time. Whoever is cut off by force joins again with a new token, and a linked mesh is "
                + "linked anew.");
        }

        var other = keys.First == signing ? keys.Second : keys.First;
        if (state is { Phase: AuthorityPhase.Retiring, IsTurnedBack: true } && other is { RootKey.Length: 0 })
        {
            found.Add(
                "Nothing links the root that signs again to the one that was turned back: tokens that pin the latter are refused, "
                + "and whoever joined with it alone joins again with a new token.");
        }

        if (switchFault.Length > 0) found.Add($"The rotation waits: {switchFault}");
        if (pluggedFault.Length > 0)
        {
            found.Add($"The plugged-in authority is not taken over, and what is in use stays: {pluggedFault}");
        }

        return found.ToImmutable();
    }

    /// <summary>Whether less than a share of a certificate's life is left.</summary>
    public static bool IsLate(string pem, double share, DateTimeOffset now) => FindEnd(pem, share, now) is not null;

    // Of the first to end of those of which less than a share is left.
    private static DateTimeOffset? FindEnd(string pems, double share, DateTimeOffset now)
    {
        DateTimeOffset? first = null;
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pems);
        foreach (var certificate in certificates)
        {
            var (begin, end) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
            if (end - now.UtcDateTime < share * (end - begin) && !(first <= end)) first = end;
            certificate.Dispose();
        }

        return first;
    }
}
