using System.Collections.Immutable;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>
/// The file that <c>mesh-sidecar --config</c> reads: the sidecar's flags by name, without dashes in front.
/// </summary>
internal static class SidecarConfig
{
    public static ImmutableSortedDictionary<string, string> For(WorkloadRequest request, string xds, JoinToken? token)
    {
        var config = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        config["xds"] = xds;
        config["namespace"] = request.Namespace;
        config["service-account"] = request.ServiceAccount;
        config["workload-name"] = request.Name;
        config["address"] = request.Address;
        config["labels"] = string.Join(
            ',', request.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));
        var ports = request.Ports.OrderBy(p => p.Key, StringComparer.Ordinal).ToArray();
        config["app-port"] = string.Join(',', ports.Select(p => p.Value));
        config["port-names"] = string.Join(',', ports.Select(p => p.Key));
        config["locality"] = request.Locality;
        config["network"] = request.Network;
        config["group"] = request.Group;
        config["lease"] = $"{request.LeaseSeconds}";
        config["token"] = token?.Reveal() ?? "";
        foreach (var empty in config.Where(p => p.Value.Length == 0).Select(p => p.Key).ToArray()) config.Remove(empty);
        return config.ToImmutable();
    }
}
