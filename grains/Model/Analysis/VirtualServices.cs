using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>What several analyzers ask of a VirtualService.</summary>
internal static class VirtualServices
{
    /// <summary>The gateways it names, as keys.</summary>
    public static IEnumerable<(int Index, ConfigKey Key)> GatewaysOf(VirtualService service, string ns) =>
        service.Gateways.Index()
            .Where(g => g.Item != VirtualService.MeshGateway)
            .Select(g => (g.Index, Name: VirtualService.GatewayName(g.Item, ns).Split('/', 2)))
            .Select(g => (g.Index, new ConfigKey("Gateway", g.Name[0], g.Name[1])));

    /// <summary>Everywhere it may lead, with the field that says so.</summary>
    public static IEnumerable<(Destination Destination, FieldPath Path)> DestinationsOf(VirtualService service)
    {
        var spec = FieldPath.Root.At("spec");
        foreach (var (i, rule) in service.Http.Index())
        {
            var at = spec.At("http").At(i);
            foreach (var (j, target) in rule.Route.Index())
            {
                if (target.Destination is { } d) yield return (d, at.At("route").At(j).At("destination"));
            }

            if (rule.Mirror is { } mirror) yield return (mirror, at.At("mirror"));
            foreach (var (j, other) in rule.Mirrors.Index())
            {
                if (other.Destination is { } d) yield return (d, at.At("mirrors").At(j).At("destination"));
            }
        }

        var connections = service.Tls.Select((r, i) => (Targets: r.Route, At: spec.At("tls").At(i)))
            .Concat(service.Tcp.Select((r, i) => (Targets: r.Route, At: spec.At("tcp").At(i))));
        foreach (var (targets, at) in connections)
        {
            foreach (var (j, target) in targets.Index())
            {
                if (target.Destination is { } d) yield return (d, at.At("route").At(j).At("destination"));
            }
        }
    }
}
