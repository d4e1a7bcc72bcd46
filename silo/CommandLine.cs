namespace MeshOrleans.Silo;

/// <summary>The flags of <c>mesh-silo</c>, which is what <c>./mesh up</c> starts.</summary>
internal static class CommandLine
{
    /// <summary>Flag to the name of the option it sets.</summary>
    public static IReadOnlyDictionary<string, string> Flags { get; } = new Dictionary<string, string>(
        StringComparer.Ordinal)
    {
        ["--data"] = nameof(SiloOptions.Data),
        ["--bind"] = nameof(SiloOptions.Bind),
        ["--advertise"] = nameof(SiloOptions.Advertise),
        ["--api-port"] = nameof(SiloOptions.ApiPort),
        ["--xds-port"] = nameof(SiloOptions.XdsPort),
        ["--xds-plain-port"] = nameof(SiloOptions.XdsPlainPort),
        ["--monitoring-port"] = nameof(SiloOptions.MonitoringPort),
        ["--trust-domain"] = nameof(SiloOptions.TrustDomain),
        ["--certificate-lifetime"] = nameof(SiloOptions.CertificateLifetime),
        ["--max-certificate-lifetime"] = nameof(SiloOptions.MaxCertificateLifetime),
        ["--issue-burst"] = nameof(SiloOptions.IssueBurst),
        ["--issue-interval"] = nameof(SiloOptions.IssueInterval),
        ["--ca-dir"] = nameof(SiloOptions.CaDir),
        ["--ca-key-type"] = nameof(SiloOptions.CaKeyType),
        ["--ca-publish-for"] = nameof(SiloOptions.CaPublishFor),
        ["--ca-publish-patience"] = nameof(SiloOptions.CaPublishPatience),
        ["--ca-retire-grace"] = nameof(SiloOptions.CaRetireGrace),
        ["--peer-interval"] = nameof(SiloOptions.PeerInterval),
        ["--api-access"] = nameof(SiloOptions.ApiAccess),
        ["--api-rate"] = nameof(SiloOptions.ApiRate),
        ["--api-hosts"] = nameof(SiloOptions.ApiHosts),
        ["--role"] = nameof(SiloOptions.Role),
        ["--store"] = nameof(SiloOptions.Store),
        ["--migrate"] = nameof(SiloOptions.Migrate),
        ["--secrets"] = nameof(SiloOptions.Secrets),
        ["--cluster"] = nameof(SiloOptions.Cluster),
        ["--name"] = nameof(SiloOptions.Name),
        ["--silo-port"] = nameof(SiloOptions.SiloPort),
        ["--grain-port"] = nameof(SiloOptions.GrainPort),
        ["--silo-address"] = nameof(SiloOptions.SiloAddress),
        ["--gateways"] = nameof(SiloOptions.Gateways),
    };

    public const string Help = """
        mesh-silo: the MeshOrleans control plane with its xDS gateway (started by ./mesh up)

        usage: ./mesh up [flags]

          --data DIR                  everything that must survive            (./data)
          --bind IP                   address of all listeners                (127.0.0.1)
          --advertise HOST            how sidecars and peers reach this host  (the bind address)
          --api-port N                REST API                                (15080)
          --xds-port N                xDS and certificate signing, TLS        (15012)
          --xds-plain-port N          xDS in plaintext, loopback; -1 = off    (15010)
          --monitoring-port N         /metrics, /healthz                      (15014)
          --trust-domain NAME         of every identity issued here           (cluster.local)
          --certificate-lifetime D    d.hh:mm:ss, e.g. 1.00:00:00             (24 h)
          --max-certificate-lifetime D  the most that a member gets           (24 h)
          --issue-burst N             certificates that one node may have signed at once (20)
          --issue-interval D          and one more after this; rotations do not count; 0 = no limit (10 s)
          --ca-dir DIR                own ca-cert, ca-key, root-cert.pem ...  (none)
          --ca-key-type TYPE          P256, P384, Rsa2048 or Rsa4096          (P256)
          --ca-publish-for D          a next root is published before it signs (1 min)
          --ca-publish-patience D     and waits for proxies at the most       (10 min)
          --ca-retire-grace D         a former root stays after its last use  (5 min)
          --peer-interval D           how often peers are read                (00:00:02)
          --api-access FILE           who may use the API: issuers of tokens, roles, clusters whose pods
                                      may join, for how long ended certificates are good for the next
                                      one; YAML, read again when it changes (the admin alone)
          --api-rate N                calls a second that one caller may make (500)
          --api-hosts NAME,...        names by which the API may be called on loopback (localhost)
          --config FILE               the same options as JSON

        a cluster of processes (engine orleans; ./mesh up --silos 3 starts one on this machine):
          --store URL                 postgres://USER:PASSWORD@HOST:PORT/DATABASE, one for all; without it
                                      everything is in DATA and there is one process
          --role silo|gateway         hosts grains; or serves sidecars as a client of silos (silo)
          --secrets DIR               admin-token and cluster-secret, the same for all (DATA)
          --cluster NAME              the cluster's name; one to a database     (mesh)
          --name NAME                 this process in status and logs         (host name)
          --silo-port N               silo to silo, mutual TLS                (11111)
          --grain-port N              gateways to silos, mutual TLS           (30000)
          --silo-address IP           what the others dial                    (the bind address)
          --gateways HOST:PORT,...    the xDS addresses that members are told (its own)
          --migrate true|false        bring the tables up to date at start    (true)

        Every flag is also a variable: --api-port is MESH_API_PORT. A port of 0 picks a free one; the addresses in use
        are printed and written to DATA/control-plane.json. The admin credential is DATA/admin-token.

        examples:
          ./mesh up
          ./mesh up --data /var/lib/mesh --bind 10.0.0.5 --trust-domain prod.example
          ./mesh up --api-access samples/access/access.yaml
          ./mesh up --silos 3
          ./mesh up --store postgres://mesh:secret@db/mesh --secrets /etc/mesh --bind 10.0.0.5
          ./mesh up --store postgres://mesh:secret@db/mesh --secrets /etc/mesh --bind 10.0.0.6 --role gateway
        """;

    /// <summary>Turns flags into configuration pairs; a flag nobody knows is an error, not a silent default.</summary>
    public static bool TryRead(
        IReadOnlyList<string> args, out Dictionary<string, string?> settings, out string? configFile, out string error)
    {
        settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        (configFile, error) = (null, "");
        for (var i = 0; i < args.Count; i += 2)
        {
            var flag = args[i];
            if (flag != "--config" && !Flags.ContainsKey(flag))
            {
                error = $"unknown flag '{flag}'; --help lists them all";
                return false;
            }

            if (i + 1 == args.Count)
            {
                error = $"flag '{flag}' needs a value";
                return false;
            }

            if (flag == "--config") configFile = args[i + 1];
            else settings[Flags[flag]] = args[i + 1];
        }

        return true;
    }

    /// <summary>The <c>MESH_*</c> variables that name an option.</summary>
    public static Dictionary<string, string?> ReadEnvironment(Func<string, string?> variable) => Flags
        .Select(f => (Option: f.Value, Value: variable("MESH_" + f.Key[2..].Replace('-', '_').ToUpperInvariant())))
        .Where(pair => pair.Value is not null)
        .ToDictionary(pair => pair.Option, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
}
