using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The endpoints of one cluster.</summary>
/// <param name="Endpoints">The endpoints of all priorities.</param>
/// <param name="OverprovisioningPercent">When a priority counts as full.</param>
internal sealed record LoadAssignment(ImmutableArray<EndpointModel> Endpoints, int OverprovisioningPercent = 140);

/// <summary><c>ClusterLoadAssignment</c> to endpoints.</summary>
internal static class EndpointReader
{
    private const int MaxPriority = 127;

    public static LoadAssignment Read(Proto.Endpoint.ClusterLoadAssignment assignment, FieldPath at) =>
        Read(assignment, at, byName: false);

    /// <param name="assignment">The endpoints.</param>
    /// <param name="at">Where they are.</param>
    /// <param name="byName">Whether an endpoint's address may be a DNS name.</param>
    public static LoadAssignment Read(Proto.Endpoint.ClusterLoadAssignment assignment, FieldPath at, bool byName)
    {
        if (assignment.Policy?.DropOverloads.Count > 0)
        {
            throw new UnusableResourceException(at.At("policy").At("drop_overloads"), "is not supported");
        }

        var endpoints = ImmutableArray.CreateBuilder<EndpointModel>();
        var seen = new HashSet<(string, int)>();
        foreach (var (i, group) in assignment.Endpoints.Index())
        {
            var here = at.At("endpoints").At(i);
            if (group.Priority > MaxPriority)
            {
                throw new UnusableResourceException(
                    here.At("priority"), $"{group.Priority} is more than {MaxPriority}");
            }

            foreach (var (j, endpoint) in group.LbEndpoints.Index())
            {
                var model = Endpoint(endpoint, group, here.At("lb_endpoints").At(j), byName);
                // Envoy, too, keeps one host per address
                if (seen.Add((model.Address, model.Port))) endpoints.Add(model);
            }
        }

        return new LoadAssignment(
            endpoints.ToImmutable(), (int)Math.Clamp(assignment.Policy?.OverprovisioningFactor ?? 140, 100, 1000));
    }

    private static EndpointModel Endpoint(
        Proto.Endpoint.LbEndpoint endpoint, Proto.Endpoint.LocalityLbEndpoints group, FieldPath at, bool byName)
    {
        var here = at.At("endpoint").At("address");
        var (address, port) = byName
            ? CoreReader.NamedSocket(endpoint.Endpoint?.Address, here)
            : Literal(CoreReader.Socket(endpoint.Endpoint?.Address, here));
        var workload = CoreReader.MetadataText(endpoint.Metadata, "istio", "workload")?.Split(';') ?? [];
        return new EndpointModel(address, port)
        {
            Priority = (int)group.Priority,
            Locality = group.Locality is { } l ? new Locality(l.Region, l.Zone, l.SubZone) : Locality.Unknown,
            LocalityWeight = group.LoadBalancingWeight ?? 1,
            Weight = endpoint.LoadBalancingWeight ?? 1,
            Lanes = LaneSetReader.LanesOf(endpoint.Metadata),
            UsesMesh = CoreReader.MetadataText(endpoint.Metadata, "envoy.transport_socket_match", "tlsMode") == "istio",
            Health = Health(endpoint.HealthStatus),
            Workload = workload.ElementAtOrDefault(0) ?? "",
            WorkloadNamespace = workload.ElementAtOrDefault(1) ?? "",
        };
    }

    private static (string Address, int Port) Literal((System.Net.IPAddress Address, int Port) socket) =>
        ($"{socket.Address}", socket.Port);

    private static EndpointHealth Health(Proto.Core.HealthStatus status) => status switch
    {
        Proto.Core.HealthStatus.Unhealthy or Proto.Core.HealthStatus.Timeout => EndpointHealth.Unhealthy,
        Proto.Core.HealthStatus.Draining => EndpointHealth.Draining,
        Proto.Core.HealthStatus.Degraded => EndpointHealth.Degraded,
        _ => EndpointHealth.Healthy,
    };
}
