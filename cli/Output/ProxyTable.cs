using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>What every proxy holds, refused or still waits for.</summary>
internal static class ProxyTable
{
    // Istio's names of the resource types, in the order of its own proxy-status.
    private static readonly (string Column, string Type)[] Types =
    [
        ("CDS", "Cluster"),
        ("LDS", "Listener"),
        ("EDS", "ClusterLoadAssignment"),
        ("RDS", "RouteConfiguration"),
        ("SDS", "Secret"),
    ];

    // Few clients ask for names; the others' rows need the room.
    private static readonly (string Column, string Type) Names = ("NDS", "NameTable");

    public static TextTable Of(IEnumerable<ProxyRow> proxies, TimeProvider clock, bool wide)
    {
        ProxyRow[] rows = [.. proxies];
        (string Column, string Type)[] types =
            rows.Any(r => Find(r, Names.Type) is not null) ? [.. Types, Names] : Types;
        string[] left = ["PROXY", "STATUS", .. types.Select(t => t.Column), "SINCE"];
        var table = new TextTable(wide ? [.. left, "KIND", "ADDRESS", "GATEWAY", "IDENTITY", "VERSION"] : left);
        var nameOf = Naming(rows);
        foreach (var row in rows)
        {
            var states = types.Select(t => Find(row, t.Type)?.Status);
            string?[] cells = [nameOf(row), row.Status, .. states, Ages.Since(row.Since, clock)];
            if (wide)
            {
                var identity = Shorten.SpiffeId(row.SpiffeId);
                cells = [.. cells, KindOf(row.Id), row.Address, row.Gateway, identity, row.UserAgent];
            }

            table.Add(cells);
        }

        return table;
    }

    /// <summary>What a proxy says that it is, by the first part of its node id; else a client like any other.</summary>
    public static string KindOf(string id) => id.Split('~') switch
    {
        ["router", _, ..] => "gateway",
        ["sidecar", _, ..] => "sidecar",
        _ => "client",
    };

    /// <summary>The types of one proxy.</summary>
    public static TextTable Of(ProxyRow proxy, TimeProvider clock)
    {
        var table = new TextTable("TYPE", "STATUS", "SENT", "ACKED", "REVISION", "SINCE");
        foreach (var type in proxy.Types ?? [])
        {
            table.Add(
                type.Type, type.Status, Shorten.To(type.SentVersion, 16), Shorten.To(type.AckedVersion, 16),
                type.Revision > 0 ? $"{type.Revision}" : "", Ages.Since(type.Since, clock));
        }

        return table;
    }

    /// <summary>One line for each refusal, with the proxy's own words.</summary>
    public static IEnumerable<string> Refusals(IReadOnlyCollection<ProxyRow> rows)
    {
        var nameOf = Naming(rows);
        return
            from row in rows
            from type in row.Types ?? []
            where type.Nack.Length > 0
            select Printable.Of($"{nameOf(row)} refused {type.Type}: {type.Nack}");
    }

    // clients name themselves: where several identities bear one name, each has its own beside it
    private static Func<ProxyRow, string> Naming(IReadOnlyCollection<ProxyRow> rows)
    {
        var shared = rows.GroupBy(row => Shorten.NodeId(row.Id), row => row.SpiffeId)
            .Where(identities => identities.Distinct().Count() > 1).Select(identities => identities.Key).ToHashSet();
        return row => Shorten.NodeId(row.Id) is var name && shared.Contains(name) ? $"{name} ({AccountOf(row.SpiffeId)})" : name;
    }

    private static string AccountOf(string spiffeId) => spiffeId.Split('/') switch
    {
        [.., "ns", var ns, "sa", var account] => $"{ns}/{account}",
        [""] => "no identity",
        _ => Shorten.SpiffeId(spiffeId),
    };

    private static ProxyTypeRow? Find(ProxyRow row, string type) => row.Types?.FirstOrDefault(t => t.Type == type);
}
