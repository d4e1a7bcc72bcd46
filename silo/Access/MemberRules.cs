using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Multicluster.Workloads;

namespace MeshOrleans.Silo.Access;

/// <summary>
/// What those who join by a proof of their own may say about themselves (<c>members</c> of the access file). Whoever has the role
/// registrar answers for what he says.
/// </summary>
/// <param name="Addresses">Where they may be, besides the address that they call from; null for anywhere.</param>
/// <param name="AreLabelsOfGroup">Whether their labels are those of their WorkloadGroup, and no others.</param>
internal sealed record MemberRules(ImmutableArray<IPNetwork>? Addresses, bool AreLabelsOfGroup)
{
    /// <summary>Whatever they like: what holds where the file does not say.</summary>
    public static MemberRules None { get; } = new(null, AreLabelsOfGroup: false);

    /// <summary>What a member may not say of itself, as a sentence; null when there is nothing.</summary>
    /// <param name="request">What it says.</param>
    /// <param name="from">The address that it calls from; null when that is not known.</param>
    /// <param name="group">The WorkloadGroup that it names; null when there is none of that name in its namespace.</param>
    public string? FaultOf(WorkloadRequest request, IPAddress? from, WorkloadGroup? group) =>
        FaultOfAddress(request.Address, from) ?? (AreLabelsOfGroup ? FaultOfLabels(request, group) : null);

    private string? FaultOfAddress(string text, IPAddress? from)
    {
        // what is no address at all is told by whoever registers it
        if (Addresses is not { } networks || !IPAddress.TryParse(text, out var address)) return null;
        var own = Plain(address);
        if (from is not null && own.Equals(Plain(from))) return null;
        foreach (var network in networks)
        {
            if (network.Contains(own)) return null;
        }

        return $"address '{own}' is neither the one that it calls from nor within members.addresses of the access file";
    }

    private static string? FaultOfLabels(WorkloadRequest request, WorkloadGroup? group)
    {
        var name = Names.ForLog(request.Group);
        if (group is null)
        {
            return request.Group.Length == 0 && request.Labels.IsEmpty ? null
                : request.Group.Length == 0 ? "labels come from a WorkloadGroup, and it names none (group)"
                : $"there is no WorkloadGroup {request.Namespace}/{name}";
        }

        var account = group.Template is { ServiceAccount: { Length: > 0 } named } ? named : "default";
        if (account != request.ServiceAccount)
        {
            return $"WorkloadGroup {request.Namespace}/{name} is for service account '{account}'";
        }

        var labels = group.Labels.SetItems(group.Template?.Labels ?? EmptyMap.Text);
        foreach (var (key, value) in request.Labels)
        {
            if (labels.TryGetValue(key, out var given) && given == value) continue;
            return $"label '{Names.ForLog(key)}: {Names.ForLog(value)}' is none of WorkloadGroup {request.Namespace}/{name}";
        }

        return null;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
