using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>Everything that can be called.</summary>
internal static class ServiceTable
{
    public static TextTable Of(IEnumerable<ServiceRow> rows, bool wide)
    {
        var table = new TextTable("HOST", "NAMESPACE", "ORIGIN", "PORTS", "HEALTHY");
        foreach (var row in rows)
        {
            var ports = (row.Ports ?? []).Select(p => $"{p.Number}/{p.Protocol}").ToArray();
            table.Add(row.Host, row.Namespace, row.Origin, Shorten.List(ports, wide), $"{row.Healthy}/{row.Endpoints}");
        }

        return table;
    }
}
