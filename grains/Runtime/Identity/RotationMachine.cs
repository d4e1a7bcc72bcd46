using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// How one root follows another: published beside it, then signing, then alone. Each step is one saved state, and from
/// each of them the next activation goes on; the keys are stored before the state that needs them.
/// </summary>
internal static class RotationMachine
{
    private const int MaxMissed = 100;
    private const int MaxPlugged = 50;

    private static readonly TimeSpan[] _steps =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)];

    /// <summary>
    /// The state that fits the keys: whatever it says of roots whose keys are gone is given up; the very same when it fits.
    /// </summary>
    /// <param name="state">What was saved.</param>
    /// <param name="keys">The keys there are.</param>
    /// <param name="domain">The mesh's trust domain.</param>
    /// <param name="longest">How long a certificate may live that nobody has noted.</param>
    /// <param name="now">The time.</param>
    public static AuthorityState Fit(
        AuthorityState state, AuthorityKeys keys, TrustDomain domain, TimeSpan longest, DateTimeOffset now)
    {
        if (state.RootsPem.IsEmpty) return Alone(state, SignerOf(state, keys), domain, now: null);
        if (state.Signing.Length == 0)
        {
            // Saved before lifetimes were: some certificate may have the longest.
            var first = AuthorityMaterial.FingerprintOf(state.RootsPem[0]);
            state = Assume(state with { Signing = first }, first, longest);
        }

        var isWhole = keys.Find(state.Signing) is not null && state.RootsPem.All(root => Holds(keys, root));
        return isWhole ? state : Alone(state, SignerOf(state, keys), domain, now);
    }

    /// <summary>The authority that signs.</summary>
    public static AuthorityMaterial SignerOf(AuthorityState state, AuthorityKeys keys) =>
        keys.Find(state.Signing) ?? keys.First;

    /// <summary>Why no rotation can be begun; null when one can.</summary>
    public static string? WhyNot(AuthorityState state) => state.Phase switch
    {
        AuthorityPhase.Settled => null,
        AuthorityPhase.Publishing => "A rotation is under way: the next root is being published.",
        _ => $"A rotation is under way: the former root leaves at {state.LeavesAt:u}.",
    };

    /// <summary>How a phase is ended by force, and what that does.</summary>
    public static string AdviceToForce(AuthorityPhase phase) => phase is AuthorityPhase.Publishing
        ? "meshctl certs rotate-root --force publishing lets the next root sign now: without a link, whoever does not have it "
            + "yet is cut off."
        : "meshctl certs rotate-root --force retiring drops the former root now: whoever has a certificate under it is cut off.";

    /// <summary>Why a phase cannot be ended by force; null when it can.</summary>
    /// <param name="state">The authority.</param>
    /// <param name="phase">The phase that the caller saw.</param>
    /// <param name="sequence">The sequence of the roots that it saw: another one with every phase.</param>
    public static string? WhyNotForce(AuthorityState state, AuthorityPhase phase, long sequence) =>
        state.Phase is AuthorityPhase.Settled ? "No rotation is under way: begin one first."
        : (state.Phase, state.Sequence) == (phase, sequence) ? null
        : $"The rotation is not where it was seen ({NameOf(phase)}, sequence {sequence}): it is {NameOf(state.Phase)} now, "
            + $"sequence {state.Sequence}. Nothing was changed: look again whom force would cut off.";

    /// <summary>The next root is in every bundle from now on.</summary>
    /// <param name="state">The authority.</param>
    /// <param name="signing">The one that signs.</param>
    /// <param name="next">The one that is to follow.</param>
    /// <param name="domain">The mesh's trust domain.</param>
    /// <param name="now">The time.</param>
    /// <param name="longest">
    /// The most that a lifetime which nobody has noted counts for; null leaves it to when it is asked for.
    /// </param>
    public static AuthorityState Publish(
        AuthorityState state,
        AuthorityMaterial signing,
        AuthorityMaterial next,
        TrustDomain domain,
        DateTimeOffset now,
        TimeSpan? longest = null) =>
        (state with
        {
            Phase = AuthorityPhase.Publishing,
            Since = now,
            Seen = default,
            IsTurnedBack = false,
            Signing = signing.Fingerprint,
            Missed = [],
            MissedCount = 0,
            PublishedFor = longest is { } most && next.Link.Length == 0 ? LongestOf(state, signing.Fingerprint, most) : null,
        }).WithRoots(domain, [signing.RootCertificate, next.RootCertificate]);

    /// <summary>Whether the next root may sign.</summary>
    public static bool MaySign(
        AuthorityState state, AuthorityKeys keys, RootAudience audience, AuthorityOptions options, DateTimeOffset now) =>
        now - state.Since >= LeastOf(state, keys, options) && audience.IsEverybody
        || now >= SignsAt(state, keys, options);

    /// <summary>When the next root signs at the latest.</summary>
    public static DateTimeOffset? SignsAt(AuthorityState state, AuthorityKeys keys, AuthorityOptions options) =>
        state.Since + Longer(LeastOf(state, keys, options), options.PublishPatience);

    /// <summary>
    /// Whether those who know only the root that signs can follow to the other one: by a certificate from one to the other.
    /// </summary>
    public static bool IsLinked(AuthorityState state, AuthorityKeys keys)
    {
        var signing = SignerOf(state, keys);
        var other = signing == keys.First ? keys.Second : keys.First;
        return other is null || other.Link.Length > 0;
    }

    /// <summary>Another of the two roots signs from now on.</summary>
    public static AuthorityState Sign(
        AuthorityState state,
        AuthorityMaterial next,
        RootAudience audience,
        TrustDomain domain,
        TimeSpan grace,
        DateTimeOffset now) =>
        (state with
        {
            Phase = AuthorityPhase.Retiring,
            Since = now,
            Seen = default,
            Signing = next.Fingerprint,
            LeavesAt = now + state.Lifetimes.GetValueOrDefault(state.Signing) + grace,
            Missed = [.. audience.Lagging.Take(MaxMissed)],
            MissedCount = audience.Lagging.Length,
        }).Told(domain);

    /// <summary>Whether the root that no longer signs may leave.</summary>
    public static bool MayLeave(AuthorityState state, DateTimeOffset now) => now >= state.LeavesAt;

    /// <summary>One root is the only one from now on.</summary>
    public static AuthorityState Alone(
        AuthorityState state, AuthorityMaterial signing, TrustDomain domain, DateTimeOffset? now)
    {
        var fingerprint = signing.Fingerprint;
        return (state with
        {
            Phase = AuthorityPhase.Settled,
            Since = now,
            Seen = default,
            IsTurnedBack = false,
            Signing = fingerprint,
            LeavesAt = null,
            PublishedFor = null,
            Lifetimes = state.Lifetimes.RemoveRange(state.Lifetimes.Keys.Where(key => key != fingerprint)),
            Noted = state.Noted.RemoveRange(state.Noted.Keys.Where(key => key != fingerprint)),
        }).WithRoots(domain, [signing.RootCertificate]);
    }

    /// <summary>
    /// A lifetime is granted under the root that signs; the very same state when one as long was granted before.
    /// </summary>
    public static AuthorityState Grant(AuthorityState state, string fingerprint, TimeSpan lifetime)
    {
        state = Assume(state, fingerprint, lifetime);
        return state.Noted.GetValueOrDefault(fingerprint) >= lifetime
            ? state
            : state with { Noted = state.Noted.SetItem(fingerprint, lifetime) };
    }

    /// <summary>A lifetime may have been granted under a root that nobody noted.</summary>
    public static AuthorityState Assume(AuthorityState state, string fingerprint, TimeSpan lifetime) =>
        state.Lifetimes.GetValueOrDefault(fingerprint) >= lifetime
            ? state
            : state with { Lifetimes = state.Lifetimes.SetItem(fingerprint, lifetime) };

    /// <summary>A plugged-in signing certificate is taken over, and will not be again.</summary>
    public static AuthorityState PlugIn(AuthorityState state, string fingerprint) => state with
    {
        Plugged = [.. state.Plugged.Skip(state.Plugged.Length >= MaxPlugged ? 1 : 0), fingerprint],
    };

    /// <summary>
    /// How much longer than its lifetime a certificate may last because its time of issue is ahead of the authority's clock:
    /// rounded up, so that it is noted a few times and no more.
    /// </summary>
    public static TimeSpan AheadOf(SerialReservation? reservation, DateTimeOffset now)
    {
        var ahead = reservation is null ? TimeSpan.Zero : reservation.IssuedAt - now;
        if (ahead <= TimeSpan.Zero) return TimeSpan.Zero;
        return Array.Find(_steps, step => ahead <= step) is { Ticks: > 0 } step ? step : SigningAuthority.IssueTimeTolerance;
    }

    // Without a link nobody who misses it can follow; but whoever is away for longer than a certificate lives has none left.
    private static TimeSpan LeastOf(AuthorityState state, AuthorityKeys keys, AuthorityOptions options)
    {
        if (IsLinked(state, keys)) return options.PublishFor;
        return Longer(options.PublishFor, state.PublishedFor ?? LongestOf(state, state.Signing, options.MaxLifetime));
    }

    // What was granted counts whatever is granted today; what is only assumed, as far as it could be granted today.
    private static TimeSpan LongestOf(AuthorityState state, string fingerprint, TimeSpan longest)
    {
        var assumed = state.Lifetimes.GetValueOrDefault(fingerprint);
        return Longer(state.Noted.GetValueOrDefault(fingerprint), assumed < longest ? assumed : longest);
    }

    private static string NameOf(AuthorityPhase phase) => phase.ToString().ToLowerInvariant();

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static bool Holds(AuthorityKeys keys, string root) =>
        keys.First.RootCertificate == root || keys.Second?.RootCertificate == root;
}
