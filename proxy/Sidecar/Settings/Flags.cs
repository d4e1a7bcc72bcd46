using System.Collections.Immutable;

namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>Every setting there is, in the order of the help text.</summary>
internal static class Flags
{
    public static ImmutableArray<Flag> All { get; } =
    [
        new("mode", "sidecar|gateway", "beside one workload, or at the edge of the mesh (sidecar)"),
        new("xds", "HOST:PORT[,HOST:PORT]", "gateways of the control plane, tried in turn (required)"),
        new("namespace", "NS", "namespace of this workload (required)"),
        new("service-account", "SA", "service account of this workload (default)"),
        new("workload-name", "NAME", "name of this workload (the host's name)"),
        new("labels", "k=v,...", "labels that selectors match"),
        new("address", "ADDRESS", "address under which other sidecars reach this one (127.0.0.1)"),
        new("app-port", "N[,N]", "ports of the application; without any, only outbound traffic is served"),
        new("app-address", "ADDRESS", "where the application listens (127.0.0.1)"),
        new("port-names", "NAME[,NAME]", "names of the application's ports, aligned with --app-port (http, http-PORT)"),
        new("inbound-port", "N[,N]", "where peers reach the application's ports, aligned with --app-port (15006, 0)"),
        new("outbound-port", "N", "explicit HTTP proxy for the application (15001)"),
        new("admin-port", "N", "admin interface, loopback only (15000)"),
        new("status-port", "N", "/healthz/ready (15021)"),
        new("metrics-port", "N", "/stats/prometheus and /metrics (15090)"),
        new("bind-address", "ADDRESS", "where inbound, status and metrics listen (--address)"),
        new("token-file", "FILE", "join token for the first certificate"),
        new("token", "TOKEN", "join token itself; only as MESH_TOKEN or in the configuration file", IsSecret: true),
        new("trust-bundle", "FILE", "roots of the mesh, PEM or JSON, instead of the token's pin"),
        new("trust-domain", "NAME", "trust domain of a PEM --trust-bundle (cluster.local)"),
        new("credentials-dir", "DIR", "NAME/{tls.crt,tls.key,ca.crt} for every credentialName of a rule"),
        new("state-dir", "DIR", "key, certificate and last good configuration, mode 0700 (./data/sidecar/NS.NAME)"),
        new("node-id", "ID", "xDS node id (MODE~ADDRESS~NAME.NS~NS.svc.cluster.local)"),
        new("cluster-id", "NAME", "cluster this workload runs in"),
        new("locality", "REGION/ZONE/SUBZONE", "where this workload runs"),
        new("network", "NAME", "network this workload is on"),
        new("lease", "SECONDS", "how long the control plane believes in this workload without a sign of life (30)"),
        new("weight", "N", "share of traffic relative to its peers (1)"),
        new("group", "NAME", "WorkloadGroup this workload registers with"),
        new("probe", "none|tcp", "tcp: report unhealthy while the application's ports refuse connections (none)"),
        new("access-log", "stdout|FILE|off", "one JSON line per request (stdout)"),
        new("hop-engine", "mesh|runtime", "who speaks HTTP/2 with other sidecars: the mesh's own code or .NET's (mesh)"),
        new("tracing-sample", "PERCENT", "share of new traces that are sampled (1)"),
        new("log-format", "plain|json", "shape of the log on standard error (plain)"),
        new("log-level", "LEVEL", "debug, info, warning or error (info)"),
        new("drain-timeout", "SECONDS", "how long requests in flight may take after SIGTERM (45)"),
        new("config", "FILE", "JSON object with any of these settings, e.g. the sidecarConfig of POST /v1/workloads"),
    ];

    public static Flag? Find(string name) => All.FirstOrDefault(f => f.Name == name);

    public static string HelpText()
    {
        var lines = All.Where(f => !f.IsSecret).Select(f => $"  {"--" + f.Name + " " + f.Shape,-40} {f.Text}");
        return $"""
            mesh-sidecar: the proxy beside one workload of a mesh, or the gateway at its edge

            Usage: mesh-sidecar --xds HOST:PORT --namespace NS [flags]

            {string.Join(Environment.NewLine, lines)}
              {"--help, --version",-40} this text; the version

            Every flag is also a variable (--app-port is MESH_APP_PORT) and a name in the --config file; a flag wins over a
            variable, a variable over the file. Port 0 picks a free port. Standard output carries one line of JSON with
            all ports ("event":"listening") and another when traffic can flow ("event":"ready").
            Exit codes: 0 stopped as asked, 1 failed, 2 usage.

            Examples:
              mesh-sidecar --xds 127.0.0.1:15012 --namespace shop --service-account cart --labels app=cart,version=v1 \
                --app-port 8080 --inbound-port 0 --outbound-port 0 --token-file cart.token --state-dir ./data/cart
              mesh-sidecar --config joined.json            # the sidecarConfig that POST /v1/workloads answered
              MESH_XDS=cp1:15012,cp2:15012 MESH_NAMESPACE=shop mesh-sidecar --app-port 8080,9000 --port-names http,tcp
              mesh-sidecar --mode gateway --xds 127.0.0.1:15012 --namespace istio-system --service-account gateway \
                --labels istio=ingressgateway --credentials-dir ./credentials --token-file gateway.token
            A gateway opens the ports that the Gateway resources which select its labels say. Ports below 1024 need a right
            (root, CAP_NET_BIND_SERVICE or net.ipv4.ip_unprivileged_port_start).
            """;
    }
}
