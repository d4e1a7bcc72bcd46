namespace MeshOrleans.Multicluster.Workloads.Members;

/// <summary>What members may say of themselves, whichever way they come.</summary>
public interface IMemberRules
{
    /// <summary>
    /// What a claim has against it as far as is known here, as a sentence; null when there is nothing. Whoever registers on behalf of
    /// others is not asked: he answers for what he says.
    /// </summary>
    string? FindFault(MemberClaim claim);

    /// <summary>The same by the newest configuration, which what is known here may be a moment behind of.</summary>
    Task<string?> FindFaultAsync(MemberClaim claim, CancellationToken cancellationToken);
}
