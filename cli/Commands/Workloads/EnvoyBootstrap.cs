using System.Text.Json.Nodes;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>The bootstrap file of a stock Envoy that is a member of the mesh.</summary>
/// <remarks>
/// It waits for its listeners and clusters without limit: an Envoy that goes on without them would refuse what is
/// redirected into it. The control plane is called with mTLS, and must prove that it is one. Expressions may be as
/// large as Istio lets them be; Envoy's own limit would refuse many.
/// </remarks>
internal static class EnvoyBootstrap
{
    private const string ControlPlane = "xds-grpc";
    private const int AdminPort = 15000;

    /// <param name="member">Whom it is for.</param>
    /// <param name="gateways">Where the control plane is.</param>
    /// <param name="trustDomain">The mesh's trust domain.</param>
    /// <param name="certificateFile">Holds the secret with certificate and key.</param>
    /// <param name="rootsFile">Holds the secret with the roots.</param>
    public static string Write(
        WorkloadRequest member,
        IReadOnlyList<EnvoyGateway> gateways,
        string trustDomain,
        string certificateFile,
        string rootsFile)
    {
        var root = new JsonObject
        {
            ["node"] = Node(member, certificateFile, rootsFile),
            ["layered_runtime"] = Object("""
                { "layers": [ { "name": "static", "static_layer": { "re2.max_program_size.error_level": 32768 } } ] }
                """),
            ["dynamic_resources"] = Object($$"""
                {
                  "ads_config": {
                    "api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
                    "grpc_services": [ { "envoy_grpc": { "cluster_name": "{{ControlPlane}}" } } ]
                  },
                  "cds_config": { "ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s" },
                  "lds_config": { "ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s" }
                }
                """),
            ["static_resources"] = new JsonObject
            {
                ["clusters"] = new JsonArray(Cluster(gateways, trustDomain, certificateFile, rootsFile)),
            },
            ["admin"] = new JsonObject { ["address"] = Address("127.0.0.1", AdminPort) },
        };
        return JsonText.Of(root);
    }

    private static JsonObject Node(WorkloadRequest member, string certificateFile, string rootsFile)
    {
        var node = MemberNode.Of(
            member,
            ("MESH_SDS_CERTIFICATE", certificateFile),
            ("MESH_SDS_ROOTS", rootsFile),
            ("MESH_WORKLOAD", MemberNode.Workload(member)));
        if (MemberNode.Locality(member) is { Count: > 0 } locality) node["locality"] = locality;
        return node;
    }

    private static JsonObject Cluster(
        IReadOnlyList<EnvoyGateway> gateways, string trustDomain, string certificateFile, string rootsFile) => new()
    {
        ["name"] = ControlPlane,
        ["type"] = "STRICT_DNS",
        ["connect_timeout"] = "5s",
        ["load_assignment"] = new JsonObject
        {
            ["cluster_name"] = ControlPlane,
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["lb_endpoints"] = new JsonArray([.. gateways.Select(gateway => new JsonObject
                {
                    ["endpoint"] = new JsonObject { ["address"] = Address(gateway.Host, gateway.Port) },
                })]),
            }),
        },
        ["typed_extension_protocol_options"] = Object("""
            {
              "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {
                  "http2_protocol_options": { "connection_keepalive": { "interval": "30s", "timeout": "10s" } }
                }
              }
            }
            """),
        ["transport_socket"] = new JsonObject
        {
            ["name"] = "envoy.transport_sockets.tls",
            ["typed_config"] = Tls(trustDomain, certificateFile, rootsFile),
        },
    };

    private static JsonObject Tls(string trustDomain, string certificateFile, string rootsFile) => new()
    {
        ["@type"] = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        ["common_tls_context"] = new JsonObject
        {
            ["alpn_protocols"] = new JsonArray("h2"),
            ["tls_certificate_sds_secret_configs"] = new JsonArray(Secret("default", certificateFile)),
            ["combined_validation_context"] = new JsonObject
            {
                ["default_validation_context"] = new JsonObject
                {
                    ["match_typed_subject_alt_names"] = new JsonArray(new JsonObject
                    {
                        ["san_type"] = "URI",
                        ["matcher"] = new JsonObject
                        {
                            ["exact"] = $"spiffe://{trustDomain}/ns/istio-system/sa/mesh-control-plane",
                        },
                    }),
                },
                ["validation_context_sds_secret_config"] = Secret("ROOTCA", rootsFile),
            },
        },
    };

    private static JsonObject Secret(string name, string file) => new()
    {
        ["name"] = name,
        ["sds_config"] = new JsonObject
        {
            ["path_config_source"] = new JsonObject { ["path"] = file },
            ["resource_api_version"] = "V3",
        },
    };

    private static JsonObject Address(string host, int port) => new()
    {
        ["socket_address"] = new JsonObject { ["address"] = host, ["port_value"] = port },
    };

    private static JsonObject Object(string text) => JsonNode.Parse(text)!.AsObject();
}
