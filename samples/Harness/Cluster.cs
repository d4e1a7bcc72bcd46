namespace MeshOrleans.Samples.Harness;

/// <summary>What a cluster is to be.</summary>
public sealed record ClusterSpec
{
    /// <summary>How many silos, 1 or more.</summary>
    public int Silos { get; init; } = 3;

    /// <summary>How many gateways of their own.</summary>
    public int Gateways { get; init; } = 2;

    /// <summary>The trust domain.</summary>
    public string TrustDomain { get; init; } = "cluster.local";

    /// <summary>The database; null starts one in the cluster's folder.</summary>
    public string? Store { get; init; }

    /// <summary>Further flags of every process.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

}

/// <summary>Silos and gateways of one mesh on this machine, each a process of its own, over one PostgreSQL.</summary>
public sealed class Cluster : IAsyncDisposable
{
    private readonly ClusterFolder _folder;
    private readonly ClusterSpec _spec;

    private Cluster(ClusterFolder folder, ClusterSpec spec, PostgresServer? postgres) =>
        (_folder, _spec, Postgres, Store) = (folder, spec, postgres, spec.Store ?? postgres!.Url);

    /// <summary>The database server, where the cluster has started it.</summary>
    public PostgresServer? Postgres { get; }

    /// <summary>The database.</summary>
    public string Store { get; }

    /// <summary>The silos, in order.</summary>
    public List<ControlPlane> Silos { get; } = [];

    /// <summary>The gateways, in order.</summary>
    public List<ControlPlane> Gateways { get; } = [];

    /// <summary>Every process.</summary>
    public IEnumerable<ControlPlane> Processes => Silos.Concat(Gateways);

    /// <summary>The xDS addresses of the gateways, as sidecars take them.</summary>
    public string Xds => string.Join(',', Gateways.Select(g => g.Xds));

    /// <summary>Where the admin token and the cluster's secret are.</summary>
    public string Secrets => _folder.Path;

    /// <summary>How many silos and gateways an earlier cluster had left running in the folder; they were ended.</summary>
    public int Leftovers { get; private init; }

    /// <summary>
    /// Ends what an earlier cluster has left in the folder, starts everything and waits until each process listens.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another cluster runs in the folder, or PostgreSQL does not start.</exception>
    public static async Task<Cluster> StartAsync(string directory, ClusterSpec spec)
    {
        var folder = ClusterFolder.Open(directory);
        try
        {
            var leftovers = await folder.EndLeftoversAsync();
            var postgres = spec.Store is null
                ? await PostgresServer.StartAsync(Path.Combine(folder.Path, "postgres"))
                : null;
            return await StartProcessesAsync(new Cluster(folder, spec, postgres) { Leftovers = leftovers }, spec);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static async Task<Cluster> StartProcessesAsync(Cluster cluster, ClusterSpec spec)
    {
        try
        {
            // the first alone: it makes the tables and the secrets
            cluster.Silos.Add(await cluster.StartOneAsync("silo-1", "silo"));
            cluster.Silos.AddRange(await Task.WhenAll(
                Enumerable.Range(2, spec.Silos - 1).Select(i => cluster.StartOneAsync($"silo-{i}", "silo"))));
            cluster.Gateways.AddRange(await Task.WhenAll(
                Enumerable.Range(1, spec.Gateways).Select(i => cluster.StartOneAsync($"gateway-{i}", "gateway"))));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes.Reverse()) await process.DisposeAsync();
        if (Postgres is not null) await Postgres.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Starts one more silo, which belongs to the caller.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="environment">Further variables; they go before those of the cluster.</param>
    public Task<ControlPlane> StartSiloAsync(string name, IReadOnlyDictionary<string, string> environment) =>
        StartOneAsync(name, "silo", environment);

    private Task<ControlPlane> StartOneAsync(
        string name, string role, IReadOnlyDictionary<string, string>? environment = null) => ControlPlane.StartAsync(
        new ControlPlaneSpec
        {
            Name = name,
            DataDirectory = Path.Combine(_folder.Path, name),
            SecretsDirectory = _folder.Path,
            Record = _folder.RecordOf(name),
            TrustDomain = _spec.TrustDomain,
            // not a flag: everybody on the machine can read those
            Environment = new Dictionary<string, string> { ["MESH_STORE"] = Store }
                .Concat(environment ?? new Dictionary<string, string>())
                .GroupBy(v => v.Key, v => v.Value)
                .ToDictionary(v => v.Key, v => v.Last()),
            Flags =
            [
                "--role", role, "--name", name,
                .. role == "silo" ? ["--silo-port", "0", "--grain-port", "0"] : Array.Empty<string>(),
                .. _spec.Flags,
            ],
        });
}
