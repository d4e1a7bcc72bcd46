using System.Net;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Where this version's sidecars can connect to: an IP address or a DNS name.</summary>
internal static class EndpointLimits
{
    public static void CheckService(ServiceEntry entry, FieldPath spec, RuleReport report)
    {
        foreach (var (i, endpoint) in entry.Endpoints.Index())
        {
            CheckWorkload(endpoint, spec.At("endpoints").At(i), report);
        }

        var dialsHosts = entry is
        {
            Endpoints.IsEmpty: true, WorkloadSelector: null,
            Resolution: ServiceResolution.Dns or ServiceResolution.DnsRoundRobin,
        };
        if (!dialsHosts) return;
        foreach (var (i, host) in entry.Hosts.Index()) CheckAddress(host, spec.At("hosts").At(i), report);
    }

    /// <summary>Istio reaches an endpoint without address by the gateway of its network; there is none here.</summary>
    public static void CheckWorkload(WorkloadEntry entry, FieldPath path, RuleReport report)
    {
        if (entry.Address.Length > 0) CheckAddress(entry.Address, path.At("address"), report);
        else if (entry.Network.Length > 0)
        {
            report.Unsupported(path.At("address"), "an endpoint without address", "give an IP address or a DNS name");
        }
    }

    public static void CheckAddress(string address, FieldPath path, RuleReport report)
    {
        if (IPAddress.TryParse(address, out _) || Uri.CheckHostName(address) is UriHostNameType.Dns) return;
        report.Unsupported(path, $"the address \"{address}\"", "give an IP address or a DNS name");
    }
}
