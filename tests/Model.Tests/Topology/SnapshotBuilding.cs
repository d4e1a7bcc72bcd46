using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Tests.Topology;

internal static class SnapshotBuilding
{
    public static MeshSnapshot With(this MeshSnapshot snapshot, string ns, string name, ConfigSpec spec, long created = 1)
    {
        var key = new ConfigKey(spec.GetType().Name, ns, name);
        var resource = new ConfigResource { Key = key, Spec = spec, CreatedRevision = created };
        return snapshot with { Config = snapshot.Config.SetItem(key, resource) };
    }

    public static MeshSnapshot With(this MeshSnapshot snapshot, Workload workload) =>
        snapshot with { Workloads = snapshot.Workloads.SetItem($"{workload.Namespace}/{workload.Name}", workload) };

    public static MeshSnapshot With(this MeshSnapshot snapshot, ImportedService service) =>
        snapshot with { Imports = snapshot.Imports.SetItem($"{service.Peer}/{service.Namespace}/{service.Name}", service) };
}
