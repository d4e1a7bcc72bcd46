using System.Text.Json.Nodes;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// The bootstrap file of a gRPC program that speaks xDS (gRFC A27, A29, A36), as Istio's agent writes it.
/// </summary>
internal static class GrpcBootstrap
{
    private const string RefreshInterval = "10s";
    private const string ServerTemplate = "xds.istio.io/grpc/lds/inbound/%s";

    public static string Write(
        WorkloadRequest member, string xds, string certificateFile, string keyFile, string rootsFile)
    {
        var node = MemberNode.Of(member, ("GENERATOR", "grpc"), ("MESH_WORKLOAD", MemberNode.Workload(member)));
        node["locality"] = MemberNode.Locality(member); // grpc-js wants it to be there, empty or not
        return JsonText.Of(new JsonObject
        {
            ["xds_servers"] = new JsonArray(new JsonObject
            {
                ["server_uri"] = xds,
                ["channel_creds"] = new JsonArray(new JsonObject { ["type"] = "insecure" }),
                ["server_features"] = new JsonArray("xds_v3"),
            }),
            ["node"] = node,
            ["certificate_providers"] = new JsonObject
            {
                ["default"] = new JsonObject
                {
                    ["plugin_name"] = "file_watcher",
                    ["config"] = new JsonObject
                    {
                        ["certificate_file"] = certificateFile,
                        ["private_key_file"] = keyFile,
                        ["ca_certificate_file"] = rootsFile,
                        ["refresh_interval"] = RefreshInterval,
                    },
                },
            },
            ["server_listener_resource_name_template"] = ServerTemplate,
        });
    }
}
