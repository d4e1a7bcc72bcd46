namespace MeshOrleans.Grains.Workloads;

/// <summary>What becomes of a join token.</summary>
internal static class JoinTokenMachine
{
    /// <summary>Uses it up for one claim; who makes that claim again is granted it until the use is finished.</summary>
    /// <returns>The state to be saved before the answer is given; the same one when nothing is to be saved.</returns>
    public static (JoinTokenState Next, RedeemResult Result) Redeem(
        JoinTokenState state, string usedBy, string claim, DateTimeOffset now)
    {
        if (state.Grant is not { } grant) return (state, new RedeemResult.Unknown());
        if (state.UsedAt is { } usedAt && !IsRepeated(state, claim)) return (state, new RedeemResult.Used(usedAt));
        if (now >= grant.ExpiresAt) return (state, new RedeemResult.Expired(grant.ExpiresAt));
        var next = state.UsedAt is null ? state with { UsedAt = now, UsedBy = usedBy, Claim = claim } : state;
        return (next, new RedeemResult.Granted(grant));
    }

    /// <summary>Ends the use; the same state when there is none under way.</summary>
    public static JoinTokenState Finish(JoinTokenState state) =>
        state.UsedAt is null || state.Claim.Length == 0 ? state : state with { Claim = "" };

    private static bool IsRepeated(JoinTokenState state, string claim) =>
        claim.Length > 0 && string.Equals(state.Claim, claim, StringComparison.Ordinal);
}
