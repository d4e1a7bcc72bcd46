namespace MeshOrleans.Grains.Workloads;

/// <summary>What becomes of a join token.</summary>
internal static class JoinTokenMachine
{
    /// <summary>
    /// How long after the use is finished its claim is still granted: whoever was answered may not have got the answer, and
    /// asks again within that time. A control plane that has lost a process, and is asked by a crowd, sends some away for
    /// longer than a minute.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Uses it up for one claim; who makes that claim again is granted it until the use has been finished for as long as
    /// <see cref="Grace"/>.
    /// </summary>
    /// <returns>The state to be saved before the answer is given; the same one when nothing is to be saved.</returns>
    public static (JoinTokenState Next, RedeemResult Result) Redeem(
        JoinTokenState state, string usedBy, string claim, DateTimeOffset now)
    {
        if (state.Grant is not { } grant) return (state, new RedeemResult.Unknown());
        if (state.UsedAt is { } usedAt && !IsRepeated(state, claim, now)) return (state, new RedeemResult.Used(usedAt));
        if (now >= grant.ExpiresAt) return (state, new RedeemResult.Expired(grant.ExpiresAt));
        var next = state.UsedAt is null ? state with { UsedAt = now, UsedBy = usedBy, Claim = claim } : state;
        return (next, new RedeemResult.Granted(grant));
    }

    /// <summary>Ends the use; the same state when there is none under way.</summary>
    public static JoinTokenState Finish(JoinTokenState state, DateTimeOffset now) =>
        state.UsedAt is null || state.Claim.Length == 0 || state.FinishedAt is not null
            ? state
            : state with { FinishedAt = now };

    private static bool IsRepeated(JoinTokenState state, string claim, DateTimeOffset now) =>
        claim.Length > 0
        && string.Equals(state.Claim, claim, StringComparison.Ordinal)
        && (state.FinishedAt is not { } finishedAt || now < finishedAt + Grace);
}
