namespace MeshOrleans.Grains.Workloads;

/// <summary>What becomes of a join token.</summary>
internal static class JoinTokenMachine
{
    /// <summary>Uses it up.</summary>
    /// <returns>The state to be saved before the answer is given; the same one when the answer is no.</returns>
    public static (JoinTokenState Next, RedeemResult Result) Redeem(
        JoinTokenState state, string usedBy, DateTimeOffset now)
    {
        if (state.Grant is not { } grant) return (state, new RedeemResult.Unknown());
        if (state.UsedAt is { } usedAt) return (state, new RedeemResult.Used(usedAt));
        return now >= grant.ExpiresAt
            ? (state, new RedeemResult.Expired(grant.ExpiresAt))
            : (state with { UsedAt = now, UsedBy = usedBy }, new RedeemResult.Granted(grant));
    }
}
