using System.Text;
using System.Text.Json;
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
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            WriteServers(json, xds);
            WriteNode(json, member);
            json.WriteStartObject("certificate_providers");
            json.WriteStartObject("default");
            json.WriteString("plugin_name", "file_watcher");
            WriteTexts(json, "config", new Dictionary<string, string>
            {
                ["certificate_file"] = certificateFile,
                ["private_key_file"] = keyFile,
                ["ca_certificate_file"] = rootsFile,
                ["refresh_interval"] = RefreshInterval,
            });
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteString("server_listener_resource_name_template", ServerTemplate);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteServers(Utf8JsonWriter json, string xds)
    {
        json.WriteStartArray("xds_servers");
        json.WriteStartObject();
        json.WriteString("server_uri", xds);
        json.WriteStartArray("channel_creds");
        json.WriteStartObject();
        json.WriteString("type", "insecure");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("server_features");
        json.WriteStringValue("xds_v3");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteNode(Utf8JsonWriter json, WorkloadRequest member)
    {
        var ns = member.Namespace;
        json.WriteStartObject("node");
        json.WriteString("id", $"sidecar~{member.Address}~{member.Name}.{ns}~{ns}.svc.cluster.local");
        json.WriteString("cluster", $"{member.Name}.{ns}");
        var place = (member.Locality ?? "").Split('/', 3);
        string[] parts = ["region", "zone", "sub_zone"];
        var locality = parts.Zip(place).Where(p => p.Second.Length > 0).ToDictionary(p => p.First, p => p.Second);
        WriteTexts(json, "locality", locality); // grpc-js wants it to be there, empty or not
        json.WriteStartObject("metadata");
        json.WriteString("GENERATOR", "grpc");
        json.WriteString("NAMESPACE", ns);
        json.WriteString("SERVICE_ACCOUNT", member.ServiceAccount ?? "default");
        json.WriteString("WORKLOAD_NAME", member.Name);
        json.WriteString("INSTANCE_IPS", member.Address);
        if (member.Network is { Length: > 0 } network) json.WriteString("NETWORK", network);
        WriteTexts(json, "LABELS", member.Labels);
        json.WriteStartObject("MESH_WORKLOAD");
        json.WriteString("address", member.Address);
        json.WriteStartObject("ports");
        foreach (var (name, port) in member.Ports) json.WriteNumber(name, port);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> texts)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in texts) json.WriteString(key, value);
        json.WriteEndObject();
    }
}
