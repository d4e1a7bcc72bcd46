using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>Configuration resources.</summary>
internal static class ConfigTable
{
    public static TextTable Of(IEnumerable<ConfigRow> rows)
    {
        var all = rows.ToList();
        var hasStatus = all.Exists(row => row.Status.Length > 0);
        var table = hasStatus
            ? new TextTable("KIND", "NAMESPACE", "NAME", "CREATED IN", "STATUS")
            : new TextTable("KIND", "NAMESPACE", "NAME", "CREATED IN");
        foreach (var row in all)
        {
            var created = row.CreatedRevision > 0 ? $"revision {row.CreatedRevision}" : "";
            if (hasStatus) table.Add(row.Kind, row.Namespace, row.Name, created, row.Status);
            else table.Add(row.Kind, row.Namespace, row.Name, created);
        }

        return table;
    }

    public static TextTable Of(IEnumerable<ChangeRow> rows)
    {
        var table = new TextTable("CHANGE", "KIND", "NAMESPACE", "NAME");
        foreach (var row in rows) table.Add(row.Change, row.Kind, row.Namespace, row.Name);
        return table;
    }
}
