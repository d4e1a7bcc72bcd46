using System.ComponentModel.DataAnnotations;
using MeshOrleans.Grains.Identity;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo;

/// <summary>What one control-plane process is told at start: flags, <c>MESH_*</c> variables or a JSON file.</summary>
public sealed class SiloOptions
{
    /// <summary>Where everything that must survive is kept: configuration, grain state, the authority's keys.</summary>
    /// <value><c>./data</c> by default; made with mode 0700.</value>
    [Required]
    public string Data { get; set; } = "data";

    /// <summary>What this process does: hosts grains, or serves sidecars as a client of those that do.</summary>
    public SiloRole Role { get; set; } = SiloRole.Silo;

    /// <summary>The cluster's PostgreSQL as <c>PostgresUrl</c> reads it; empty keeps everything in <see cref="Data"/>.</summary>
    public string Store { get; set; } = "";

    /// <summary>Whether the database's tables are brought up to date at start.</summary>
    public bool Migrate { get; set; } = true;

    /// <summary>Where the files <c>admin-token</c> and <c>cluster-secret</c> are.</summary>
    /// <value>Equal to <see cref="Data"/> when empty; the same files for every process of a cluster.</value>
    public string Secrets { get; set; } = "";

    /// <summary>What the processes of one cluster have in common; each has a database of its own.</summary>
    [Required, RegularExpression("^[A-Za-z0-9._-]{1,100}$")]
    public string Cluster { get; set; } = "mesh";

    /// <summary>What this process calls itself in status and logs.</summary>
    /// <value>The host's name when empty.</value>
    public string Name { get; set; } = "";

    /// <summary>Silo to silo. 0 picks a free port.</summary>
    /// <value>11111 with a store that others share, else a free one.</value>
    [Range(0, 65535)]
    public int? SiloPort { get; set; }

    /// <summary>Gateways to silos. 0 picks a free port.</summary>
    /// <value>30000 with a store that others share, else a free one.</value>
    [Range(0, 65535)]
    public int? GrainPort { get; set; }

    /// <summary>The address that other silos and gateways dial.</summary>
    /// <value>When empty, <see cref="Bind"/>, or the host's own address where that is "any".</value>
    public string SiloAddress { get; set; } = "";

    /// <summary>What new members are told as xDS addresses: <c>host:port,host:port</c>.</summary>
    /// <value>This process's own address when empty.</value>
    public string Gateways { get; set; } = "";

    /// <summary>The address all listeners bind to.</summary>
    /// <value>Loopback by default.</value>
    [Required]
    public string Bind { get; set; } = "127.0.0.1";

    /// <summary>The host name or address under which sidecars and other meshes reach this process.</summary>
    /// <value>Equal to <see cref="Bind"/> when empty.</value>
    public string Advertise { get; set; } = "";

    /// <summary>REST API. 0 picks a free port.</summary>
    [Range(0, 65535)]
    public int ApiPort { get; set; } = 15080;

    /// <summary>xDS and certificate signing over TLS. 0 picks a free port.</summary>
    [Range(0, 65535)]
    public int XdsPort { get; set; } = 15012;

    /// <summary>xDS in plaintext, loopback only. 0 picks a free port; -1 switches it off.</summary>
    [Range(-1, 65535)]
    public int XdsPlainPort { get; set; } = 15010;

    /// <summary>Metrics and health. 0 picks a free port.</summary>
    [Range(0, 65535)]
    public int MonitoringPort { get; set; } = 15014;

    /// <summary>
    /// The trust domain of every identity this mesh issues. It cannot be changed once the authority exists.
    /// </summary>
    [Required, RegularExpression("^[a-z0-9._-]{1,255}$")]
    public string TrustDomain { get; set; } = "cluster.local";

    /// <summary>The lifetime of a workload certificate when none is asked for.</summary>
    /// <value>24 h; 30 s to 90 d.</value>
    [Range(typeof(TimeSpan), "00:00:30", "90.00:00:00")]
    public TimeSpan CertificateLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// The longest lifetime of a certificate, whoever asks for more. A former root stays for as long, until its last
    /// certificate has ended.
    /// </summary>
    /// <value>30 s to 90 d; when unset 24 h, or <see cref="CertificateLifetime"/> where that is longer.</value>
    [Range(typeof(TimeSpan), "00:00:30", "90.00:00:00")]
    public TimeSpan? MaxCertificateLifetime { get; set; }

    /// <summary>How many certificates a node of an identity may have signed at once; beyond that at <see cref="IssueInterval"/>.</summary>
    /// <value>20; 1 to 10000.</value>
    [Range(1, 10_000)]
    public int IssueBurst { get; set; } = 20;

    /// <summary>
    /// After how long a node of an identity may have one more certificate signed; a quarter of <see cref="CertificateLifetime"/>
    /// where that is shorter. Rotations do not count.
    /// </summary>
    /// <value>10 s; at most 1 h; zero for no limit.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan IssueInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the files of the operator's own authority are: ca-cert.pem, ca-key.pem, root-cert.pem, cert-chain.pem,
    /// ca-crl.pem.</summary>
    /// <value>Empty: the mesh makes its authority itself.</value>
    public string CaDir { get; set; } = "";

    /// <summary>The keys that the authority makes for itself.</summary>
    /// <value>P-256.</value>
    public AuthorityKeyType CaKeyType { get; set; } = AuthorityKeyType.P256;

    /// <summary>How long the next root is published before it signs, at the least.</summary>
    /// <value>1 min; at most 7 d.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan CaPublishFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long proxies that do not have the next root are waited for, at the most.</summary>
    /// <value>10 min; at most 7 d.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan CaPublishPatience { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the former root stays after the last certificate under it has ended.</summary>
    /// <value>5 min; at most 7 d.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan CaRetireGrace { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the exports of federated meshes are read.</summary>
    /// <value>2 s; 0.1 s to 1 h.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan PeerInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The file that says who may use the API besides the admin credential, and which clusters' pods may join.</summary>
    /// <value>Empty: nobody, and none.</value>
    public string ApiAccess { get; set; } = "";

    /// <summary>How many calls of the API a second one caller may make; ten times as many at once.</summary>
    /// <value>500; 1 to 1,000,000.</value>
    [Range(1, 1_000_000)]
    public int ApiRate { get; set; } = 500;

    /// <summary>By which names the API may be called on loopback, besides addresses, <c>localhost</c> and the advertised host.</summary>
    /// <value>None; separated by commas.</value>
    public string ApiHosts { get; set; } = "";

    /// <summary>Where the secrets are.</summary>
    public string SecretsDirectory => Secrets.Length > 0 ? Secrets : Data;

    /// <summary>The longest lifetime that there is.</summary>
    public TimeSpan LongestLifetime => MaxCertificateLifetime
        ?? (CertificateLifetime > TimeSpan.FromHours(24) ? CertificateLifetime : TimeSpan.FromHours(24));

    /// <summary>The name in status and logs.</summary>
    public string DisplayName => Name.Length > 0 ? Name : Environment.MachineName;

    /// <summary>The host other processes are told to call.</summary>
    public string AdvertisedHost => Advertise.Length > 0 ? Advertise : Bind;
}

/// <summary>What one process of the control plane does.</summary>
public enum SiloRole
{
    /// <summary>Hosts grains, and serves the API and sidecars.</summary>
    Silo,

    /// <summary>Serves the API and sidecars; the grains are elsewhere.</summary>
    Gateway,
}

[OptionsValidator]
internal sealed partial class SiloOptionsValidator : IValidateOptions<SiloOptions>;
