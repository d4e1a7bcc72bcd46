namespace MeshOrleans.Multicluster.Workloads.Members;

/// <summary>No rules: members say what they like.</summary>
internal sealed class AnyMember : IMemberRules
{
    public string? FindFault(MemberClaim claim) => null;

    public Task<string?> FindFaultAsync(MemberClaim claim, CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}
