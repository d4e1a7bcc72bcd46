using System.Text.Json.Nodes;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>What <c>mesh-sidecar --config</c> reads: one flat JSON object, its flags by name.</summary>
internal static class SidecarFile
{
    /// <summary>What the user does with it next.</summary>
    public static string Next(string path) =>
        $"wrote {path}; on the workload's machine: ./mesh sidecar --config {Path.GetFileName(path)}";

    public static string Write(WorkloadRequest member, string xds, string token)
    {
        (string Name, string? Value)[] settings =
        [
            ("xds", xds),
            ("namespace", member.Namespace),
            ("service-account", member.ServiceAccount ?? "default"),
            ("workload-name", member.Name),
            ("address", member.Address),
            ("labels", string.Join(',', member.Labels.Select(l => $"{l.Key}={l.Value}"))),
            ("app-port", string.Join(',', member.Ports.Values)),
            ("port-names", string.Join(',', member.Ports.Keys)),
            ("locality", member.Locality),
            ("network", member.Network),
            ("group", member.Group),
            ("weight", member.Weight?.ToString()),
            ("lease", member.LeaseSeconds?.ToString()),
            ("token", token),
        ];
        return JsonText.Of(new JsonObject(settings
            .Where(s => !string.IsNullOrEmpty(s.Value))
            .Select(s => KeyValuePair.Create(s.Name, (JsonNode?)s.Value))));
    }
}
