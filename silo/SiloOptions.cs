using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo;

/// <summary>What one control-plane process is told at start: flags, <c>MESH_*</c> variables or a JSON file.</summary>
public sealed class SiloOptions
{
    /// <summary>Where everything that must survive is kept: configuration, grain state, the authority's keys.</summary>
    /// <value><c>./data</c> by default; made with mode 0700.</value>
    [Required]
    public string Data { get; set; } = "data";

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

    /// <summary>How often the exports of federated meshes are read.</summary>
    /// <value>2 s; 0.1 s to 1 h.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan PeerInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The host other processes are told to call.</summary>
    public string AdvertisedHost => Advertise.Length > 0 ? Advertise : Bind;
}

[OptionsValidator]
internal sealed partial class SiloOptionsValidator : IValidateOptions<SiloOptions>;
