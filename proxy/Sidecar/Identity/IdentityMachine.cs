namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>What the identity needs next. A closed set.</summary>
internal abstract record IdentityStep
{
    private IdentityStep()
    {
    }

    /// <summary>Nothing for so long.</summary>
    public sealed record Wait(TimeSpan Time) : IdentityStep;

    /// <summary>A first certificate: there is none, or its time is not now.</summary>
    public sealed record Join : IdentityStep;

    /// <summary>A new certificate in place of the one in use, as no push has brought one.</summary>
    /// <param name="IsUrgent">True in the last quarter of its life: someone should look.</param>
    public sealed record Renew(bool IsUrgent) : IdentityStep;
}

/// <summary>When a sidecar acts on its own. Normally SDS rotates at half-life; this is for when it does not.</summary>
internal static class IdentityMachine
{
    private const double PushedBy = 0.5; // of the lifetime: the control plane's own time to rotate
    private const double Grace = 0.1; // of the lifetime: how long a push may be late, and as much again by chance

    /// <param name="svid">The certificate in use.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">0 to 1, drawn once per certificate, so that a mesh does not renew in one moment.</param>
    public static IdentityStep Next(Svid? svid, DateTimeOffset now, double chance)
    {
        if (svid is null || now >= svid.NotAfter || now < svid.NotBefore) return new IdentityStep.Join();
        var renewAt = svid.NotBefore + svid.Lifetime * (PushedBy + Grace * (1 + chance));
        return now < renewAt
            ? new IdentityStep.Wait(renewAt - now)
            : new IdentityStep.Renew(now >= svid.NotAfter - svid.Lifetime / 4);
    }
}
