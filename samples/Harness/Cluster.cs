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
    private readonly string _directory;
    private readonly ClusterSpec _spec;

    private Cluster(string directory, ClusterSpec spec, PostgresServer? postgres, string store) =>
        (_directory, _spec, Postgres, Store) = (directory, spec, postgres, store);

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
    public string Secrets => _directory;

    /// <summary>Starts everything and waits until each process listens.</summary>
    public static async Task<Cluster> StartAsync(string directory, ClusterSpec spec)
    {
        var postgres = spec.Store is null
            ? await PostgresServer.StartAsync(Path.Combine(directory, "postgres"))
            : null;
        var cluster = new Cluster(Path.GetFullPath(directory), spec, postgres, spec.Store ?? postgres!.Url);
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
    }

    /// <summary>Starts one more silo, which belongs to the caller.</summary>
    public Task<ControlPlane> StartSiloAsync(string name, IReadOnlyDictionary<string, string> environment) =>
        StartOneAsync(name, "silo", environment);

    private Task<ControlPlane> StartOneAsync(
        string name, string role, IReadOnlyDictionary<string, string>? environment = null) => ControlPlane.StartAsync(
        new ControlPlaneSpec
        {
            Name = name,
            DataDirectory = Path.Combine(_directory, name),
            SecretsDirectory = _directory,
            TrustDomain = _spec.TrustDomain,
            // not a flag: everybody on the machine can read those
            Environment = new Dictionary<string, string>(environment ?? new Dictionary<string, string>())
            {
                ["MESH_STORE"] = Store,
            },
            Flags =
            [
                "--role", role, "--name", name,
                .. role == "silo" ? ["--silo-port", "0", "--grain-port", "0"] : Array.Empty<string>(),
                .. _spec.Flags,
            ],
        });
}
