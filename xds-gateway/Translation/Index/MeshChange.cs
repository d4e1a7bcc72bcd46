using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>What differs between two snapshots, as far as translations can go on from the one to the other.</summary>
public sealed class MeshChange
{
    private const string VirtualServices = $"{SnapshotKey.Config}{nameof(VirtualService)}/";
    private static readonly ImmutableArray<string> AttachedRoutes =
        [.. AttachedRoute.Kinds.Select(kind => $"{SnapshotKey.Config}{kind}/")];

    private readonly HashSet<string> _members = new(StringComparer.Ordinal);

    /// <summary>Members of services that came, changed or went, as <c>namespace/name</c>.</summary>
    public IReadOnlyCollection<string> Members => _members;

    /// <summary>VirtualServices or routes of the Gateway API differ.</summary>
    public bool HasRoutes { get; private set; }

    /// <summary>Something differs after which everything is translated anew.</summary>
    public bool HasOthers { get; private set; }

    /// <summary>Nothing differs on which a translation depends.</summary>
    public bool IsEmpty => _members.Count == 0 && !HasRoutes && !HasOthers;

    /// <summary>A change of one entry.</summary>
    public static MeshChange Of(params ReadOnlySpan<string> keys)
    {
        var change = new MeshChange();
        foreach (var key in keys) change.Add(key);
        return change;
    }

    /// <summary>
    /// One more entry differs, by its snapshot key. Certificates and how fetching keys stands count for nothing: no
    /// translation depends on them.
    /// </summary>
    public void Add(string key)
    {
        if (Is(key, SnapshotKey.Workload)) _members.Add(key[SnapshotKey.Workload.Length..]);
        else if (Is(key, VirtualServices) || AttachedRoutes.Any(kind => Is(key, kind))) HasRoutes = true;
        else if (!Is(key, SnapshotKey.Identity) && !Is(key, SnapshotKey.Issuer)) HasOthers = true;
    }

    /// <summary>Everything anew.</summary>
    public void AddEverything() => HasOthers = true;

    private static bool Is(string key, string beginning) => key.StartsWith(beginning, StringComparison.Ordinal);
}
