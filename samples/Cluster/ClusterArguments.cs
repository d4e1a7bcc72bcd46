using System.Globalization;

namespace MeshOrleans.Samples.Cluster;

/// <summary>The flags of <c>mesh-cluster</c>, which is what <c>./mesh up --silos N</c> starts.</summary>
internal sealed record ClusterArguments(int Silos, int Gateways, string Data, string? Store, string TrustDomain)
{
    public const string Help = """
        mesh-cluster: a control plane of many processes on this machine (started by ./mesh up --silos N)

        usage: ./mesh up --silos N [flags]

          --silos N            processes that host grains, 1 to 9
          --gateways N         processes that serve sidecars, 1 to 9            (2)
          --data DIR           secrets, and the database's files                (./data/cluster)
          --store URL          a PostgreSQL of your own, postgres://...         (one is started)
          --trust-domain NAME  of every identity issued here                    (cluster.local)

        Everything listens on free ports of 127.0.0.1; the addresses are printed. A process that ends is started again,
        PostgreSQL too. Ctrl-C ends all of it; what was accepted is there the next time. What a launcher that was killed
        has left running is ended by the next one on the same DATA.

        examples:
          ./mesh up --silos 3
          ./mesh up --silos 3 --gateways 3 --store postgres://mesh:secret@127.0.0.1:5432/mesh
          ./mesh ctl --data ./data/cluster apply -f samples/manifests/s000-routing.yaml
        """;

    private const int Most = 9;

    /// <summary>Reads the flags.</summary>
    public static ClusterArguments? Read(IReadOnlyList<string> args, out string error)
    {
        var read = new ClusterArguments(3, 2, Path.Combine("data", "cluster"), null, "cluster.local");
        error = "";
        for (var i = 0; i < args.Count; i += 2)
        {
            var value = i + 1 < args.Count ? args[i + 1] : null;
            switch (args[i])
            {
                case var flag when value is null:
                    error = $"flag '{flag}' needs a value";
                    return null;
                case "--silos" or "--gateways" when !IsCount(value):
                    error = $"{args[i]} must be a number from 1 to {Most}";
                    return null;
                case "--silos":
                    read = read with { Silos = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--gateways":
                    read = read with { Gateways = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--data":
                    read = read with { Data = value };
                    break;
                case "--store":
                    read = read with { Store = value };
                    break;
                case "--trust-domain":
                    read = read with { TrustDomain = value };
                    break;
                default:
                    error = $"unknown flag '{args[i]}'; --help lists them all";
                    return null;
            }
        }

        return read;
    }

    private static bool IsCount(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= Most;
}
