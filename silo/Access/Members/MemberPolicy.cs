using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Multicluster.Workloads.Members;

namespace MeshOrleans.Silo.Access.Members;

/// <summary>What members may say of themselves (<c>members</c> of the access file).</summary>
/// <param name="Addresses">Where they may be, besides the address that they call from; null for anywhere.</param>
/// <param name="AreLabelsOfGroup">Whether their labels are those of their WorkloadGroup, and no others.</param>
internal sealed record MemberPolicy(ImmutableArray<IPNetwork>? Addresses, bool AreLabelsOfGroup)
{
    /// <summary>Whatever they like: what holds where the file does not say.</summary>
    public static MemberPolicy Any { get; } = new(null, AreLabelsOfGroup: false);

    /// <summary>What a member may not say of itself, as a sentence; null when there is nothing.</summary>
    /// <param name="claim">What it says.</param>
    /// <param name="group">The WorkloadGroup that it names; null when there is none of that name in its namespace.</param>
    public string? FindFault(MemberClaim claim, WorkloadGroup? group) =>
        FaultOfAddress(claim) ?? (AreLabelsOfGroup ? FaultOfLabels(claim, group) : null);

    private string? FaultOfAddress(MemberClaim claim)
    {
        // what is no address at all is told by whoever registers it
        if (Addresses is not { } networks || claim.IsThere || claim.Address is not { } own) return null;
        foreach (var network in networks)
        {
            if (network.Contains(own)) return null;
        }

        return $"address '{own}' is neither the one that it calls from nor within members.addresses of the access file";
    }

    private static string? FaultOfLabels(MemberClaim claim, WorkloadGroup? group)
    {
        var (ns, registration) = (claim.Namespace, claim.Registration);
        var name = Printable.ForLog(registration.Group);
        if (group is null)
        {
            return registration.Group.Length > 0 ? $"there is no WorkloadGroup {ns}/{name}"
                : registration.Labels.IsEmpty ? null
                : "labels come from a WorkloadGroup, and it names none (group)";
        }

        var account = group.Template is { ServiceAccount: { Length: > 0 } named } ? named : "default";
        if (account != registration.ServiceAccount) return $"WorkloadGroup {ns}/{name} is for service account '{account}'";
        var labels = group.Labels.SetItems(group.Template?.Labels ?? EmptyMap.Text);
        foreach (var (key, value) in registration.Labels)
        {
            if (labels.TryGetValue(key, out var given) && given == value) continue;
            return $"label '{Printable.ForLog(key)}: {Printable.ForLog(value)}' is none of WorkloadGroup {ns}/{name}";
        }

        return null;
    }
}
