using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Access;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary><c>GET /v1/services</c>: everything that can be called, with its endpoints.</summary>
internal static class ServiceEndpoints
{
    public static void MapServices(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/services", List).RequireRole(Role.Viewer);

    private static IResult List(HttpContext context, SnapshotHolder snapshots, string? ns)
    {
        var registry = ServiceRegistry.From(snapshots.Current);
        return Results.Json(
            registry.Services.Where(s => (ns is null || s.Namespace == ns) && context.Rights().Sees(s.Namespace)).Select(s => RowOf(registry, s)),
            ApiJson.Options);
    }

    private static ServiceRow RowOf(ServiceRegistry registry, Service service)
    {
        var endpoints = service.Ports
            .SelectMany(port => registry.Endpoints(service, port).Select(e => EndpointRow.From(port, e)))
            .ToImmutableArray();
        return new ServiceRow(
            service.Host,
            service.Namespace,
            service.Name,
            service.Origin.ToString(),
            [.. service.Ports.Select(p => new PortRow(p.Name, p.Number, p.Protocol.ToString()))],
            endpoints.Length,
            endpoints.Count(e => e.Health == nameof(WorkloadHealth.Healthy)),
            endpoints);
    }

    private sealed record ServiceRow(
        string Host,
        string Namespace,
        string Name,
        string Origin,
        ImmutableArray<PortRow> Ports,
        int Endpoints,
        int Healthy,
        ImmutableArray<EndpointRow> Members);

    private sealed record PortRow(string Name, int Number, string Protocol);

    private sealed record EndpointRow(
        int Port,
        string Workload,
        string Address,
        int WorkloadPort,
        int DialPort,
        string Health,
        bool Mtls,
        string Peer)
    {
        public static EndpointRow From(ServicePort port, ServiceEndpoint endpoint) => new(
            port.Number,
            $"{endpoint.Workload.Namespace}/{endpoint.Workload.Name}",
            endpoint.Workload.Address,
            endpoint.WorkloadPort,
            endpoint.DialPort,
            endpoint.Workload.Health.ToString(),
            endpoint.Workload.HasSidecar,
            endpoint.Peer);
    }
}
