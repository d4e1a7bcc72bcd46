using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>The members of the mesh.</summary>
internal static class WorkloadTable
{
    public static TextTable Of(IEnumerable<WorkloadRow> rows, bool wide)
    {
        var table = wide
            ? new TextTable(
                "NAMESPACE", "NAME", "HEALTH", "ADDRESS", "PORTS", "SIDECAR", "IDENTITY", "LABELS", "LOCALITY",
                "NETWORK", "WEIGHT", "GROUP")
            : new TextTable("NAMESPACE", "NAME", "HEALTH", "ADDRESS", "PORTS", "SIDECAR", "SERVICE ACCOUNT");
        foreach (var row in rows)
        {
            var ports = Shorten.List([.. row.Ports?.Select(p => $"{p.Key}={p.Value}") ?? []], wide);
            var sidecar = row.HasSidecar ? "yes" : "no";
            if (!wide)
            {
                table.Add(row.Namespace, row.Name, row.Health, row.Address, ports, sidecar, row.ServiceAccount);
                continue;
            }

            var labels = row.Labels?.Select(l => $"{l.Key}={l.Value}") ?? [];
            table.Add(
                row.Namespace, row.Name, row.Health, row.Address, ports, sidecar, Shorten.SpiffeId(row.SpiffeId),
                string.Join(',', labels), row.Locality, row.Network, $"{row.Weight}", row.Group);
        }

        return table;
    }
}
