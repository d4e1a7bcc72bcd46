namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>What became of a certificate or of roots that were offered.</summary>
internal abstract record IdentityOutcome
{
    private IdentityOutcome()
    {
    }

    /// <summary>It is in use.</summary>
    public sealed record Accepted : IdentityOutcome;

    /// <summary>It was in use already.</summary>
    public sealed record Unchanged : IdentityOutcome;

    /// <summary>It is not used; the reason is fit for a NACK.</summary>
    public sealed record Rejected(string Reason) : IdentityOutcome;
}
