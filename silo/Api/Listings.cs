using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>The members as the mesh sees them.</summary>
internal sealed class WorkloadListing(SnapshotHolder snapshots)
{
    public ImmutableArray<WorkloadRow> All(string? ns) =>
    [
        .. snapshots.Current.Workloads.Values
            .Where(w => ns is null || w.Namespace == ns)
            .Select(w => new WorkloadRow(
                w.Namespace, w.Name, w.Address, w.Ports, w.InboundPorts, w.Labels, w.ServiceAccount,
                w.Health.ToString(), w.HasSidecar, w.Identity?.ToString() ?? "", w.Locality.ToString(), w.Network,
                w.Weight, w.Group)),
    ];
}

/// <summary>One member.</summary>
internal sealed record WorkloadRow(
    string Namespace,
    string Name,
    string Address,
    ImmutableSortedDictionary<string, int> Ports,
    ImmutableSortedDictionary<int, int> InboundPorts,
    ImmutableSortedDictionary<string, string> Labels,
    string ServiceAccount,
    string Health,
    bool HasSidecar,
    string SpiffeId,
    string Locality,
    string Network,
    int Weight,
    string Group);

/// <summary>The certificates in use.</summary>
internal sealed class IdentityListing(SnapshotHolder snapshots, TimeProvider clock)
{
    public ImmutableArray<IdentityRow> All()
    {
        var now = clock.GetUtcNow();
        return
        [
            .. snapshots.Current.Identities.Values
                .OrderBy(i => i.SpiffeId, StringComparer.Ordinal).ThenBy(i => i.NodeId, StringComparer.Ordinal)
                .Select(i => new IdentityRow(
                    i.SpiffeId, i.NodeId, i.Serial, i.Issuer, i.NotBefore, i.NotAfter, NextOf(i, now),
                    RemainingPercent(i, now), i.IssuedAt, i.Root, i.IsOutOfDate)),
        ];
    }

    private static DateTimeOffset NextOf(IdentityRecord identity, DateTimeOffset now) =>
        identity.IsOutOfDate && (identity.DueAt ?? now) < identity.RotateAt ? identity.DueAt ?? now : identity.RotateAt;

    private static int RemainingPercent(IdentityRecord identity, DateTimeOffset now) =>
        (int)Math.Clamp(100 * (identity.NotAfter - now) / (identity.NotAfter - identity.NotBefore), 0, 100);
}

/// <summary>One certificate.</summary>
internal sealed record IdentityRow(
    string SpiffeId,
    string Node,
    string Serial,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    DateTimeOffset NextRotation,
    int RemainingPercent,
    DateTimeOffset? LastRotation,
    string Root,
    bool IsDue);
