using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Workloads;

/// <summary>Reads how a client wants to be registered out of its node.</summary>
internal static class WorkloadDescription
{
    private static readonly TimeSpan MinLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLease = TimeSpan.FromHours(1);
    private static readonly TimeSpan DefaultLease = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The registration; null when the client does not ask for one, or has not proved who it is: on the plaintext port
    /// anybody could otherwise take over any member's name. The grain checks it.
    /// </summary>
    public static WorkloadRegistration? Of(ProxyNode node)
    {
        if (node.Identity is not { } identity || node.Workload is not { } workload || node.WorkloadName.Length == 0) return null;
        var scope = node.Scope;
        return new WorkloadRegistration
        {
            Address = ProxyNode.Text(workload, "address") ?? node.Address,
            Ports = scope.Ports.ToImmutableDictionary(),
            InboundPorts = InboundPorts(ProxyNode.Find(workload, "inboundPorts")?.StructValue),
            Labels = scope.Labels.ToImmutableDictionary(),
            Locality = scope.Locality.ToString(),
            Network = scope.Network,
            ServiceAccount = scope.ServiceAccount,
            Weight = (int)Number(workload, "weight", 1, 1, 10_000),
            Group = ProxyNode.Text(workload, "group") ?? "",
            Lease = Lease(workload),
            HasSidecar = TakesMeshTls(scope),
            SpiffeId = identity.ToString(),
        };
    }

    /// <summary>
    /// A stock Envoy takes mesh mTLS with its own files only: without, its peers must not try. What a gateway takes its
    /// Gateways say; its peers are told by a DestinationRule.
    /// </summary>
    private static bool TakesMeshTls(ProxyScope scope) => scope.Mode switch
    {
        ProxyMode.Proxyless or ProxyMode.Gateway => false,
        ProxyMode.Envoy => scope.ServerFiles is not null,
        _ => true,
    };

    private static TimeSpan Lease(Struct workload) => TimeSpan.FromSeconds(Number(
        workload, "leaseSeconds", DefaultLease.TotalSeconds, MinLease.TotalSeconds, MaxLease.TotalSeconds));

    private static ImmutableDictionary<int, int> InboundPorts(Struct? ports) =>
        ProxyNode.Ports(ports)
            .Where(p => int.TryParse(p.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .DistinctBy(p => int.Parse(p.Key, CultureInfo.InvariantCulture))
            .ToImmutableDictionary(p => int.Parse(p.Key, CultureInfo.InvariantCulture), p => p.Value);

    private static double Number(Struct fields, string name, double missing, double min, double max) =>
        ProxyNode.Find(fields, name) is { HasNumberValue: true, NumberValue: var number } && !double.IsNaN(number)
            ? Math.Clamp(number, min, max)
            : missing;
}
