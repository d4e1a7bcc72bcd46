using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>The part of the mesh that one proxy scope sees.</summary>
internal sealed class ProxyView
{
    private readonly Dictionary<string, Service> services;
    private readonly Dictionary<string, EffectiveRule> rules = new(StringComparer.Ordinal);

    public ProxyView(MeshIndex mesh, ProxyScope scope)
    {
        (Mesh, Scope) = (mesh, scope);
        var egress = EgressScope.Of(Mesh, Scope);
        OutboundMode = egress.Mode ?? Mesh.Settings.OutboundMode;
        var asked = AuthorizerChoice.Of(Mesh, Scope);
        if (AutoScope.UsedBy(Mesh, Scope, egress, asked.Host) is { } used)
        {
            var routes = Mesh.RoutesFor(Scope.Namespace);
            (IsOnDemand, VirtualServices, services) = (true, routes.Table, used.Services);
            Services = [.. services.Values.OrderBy(s => s.Host, StringComparer.Ordinal)];
            UnknownHosts = [.. routes.UnknownHosts.Where(entry => used.Hosts.Contains(entry.Host))];
            Authorizer = asked.At(services.GetValueOrDefault(asked.Host));
            return;
        }

        SeesAll = egress.SeesAll;
        VirtualServices = SeesAll
            ? Mesh.RoutesFor(Scope.Namespace).Table
            : new VirtualServiceTable(Mesh, Scope.Namespace, egress);
        Egress = egress;
        services = Mesh.Registry.VisibleTo(Scope.Namespace)
            .Select(egress.Narrow)
            .OfType<Service>()
            .ToDictionary(service => service.Host, StringComparer.Ordinal);
        if (!egress.SeesAll) AddRouteTargets();
        if (Mesh.Registry.Find(asked.Host, Scope.Namespace) is { } own) services.TryAdd(own.Host, own);
        Authorizer = asked.At(services.GetValueOrDefault(asked.Host));
        Services = [.. services.Values.OrderBy(s => s.Host, StringComparer.Ordinal)];
        UnknownHosts = [.. VirtualServices.Hosts.Where(entry => !HasService(entry.Host))];
    }

    private ProxyView(ProxyView other, MeshIndex mesh)
    {
        (Mesh, Scope, SeesAll, IsOnDemand) = (mesh, other.Scope, other.SeesAll, other.IsOnDemand);
        (services, rules, Egress) = (other.services, other.rules, other.Egress);
        (OutboundMode, Services, Authorizer) = (other.OutboundMode, other.Services, other.Authorizer);
        if (mesh.HasSameRoutes(other.Mesh))
        {
            (VirtualServices, UnknownHosts) = (other.VirtualServices, other.UnknownHosts);
            return;
        }

        VirtualServices = mesh.RoutesFor(Scope.Namespace).Table;
        UnknownHosts = VirtualServices.IsSameAs(other.VirtualServices)
            ? other.UnknownHosts
            : [.. VirtualServices.Hosts.Where(entry => !HasService(entry.Host))];
    }

    public MeshIndex Mesh { get; }

    public ProxyScope Scope { get; }

    /// <summary>What happens to traffic to hosts that are not among <see cref="Services"/>.</summary>
    public OutboundTrafficMode OutboundMode { get; }

    /// <summary>The services that the workload can call, by host.</summary>
    public ImmutableArray<Service> Services { get; }

    public VirtualServiceTable VirtualServices { get; }

    /// <summary>Hosts that only a VirtualService knows, with the one that counts.</summary>
    public ImmutableArray<(string Host, Sourced<VirtualService> Source)> UnknownHosts { get; }

    /// <summary>Those of <see cref="UnknownHosts"/> that may be called on a port.</summary>
    public IEnumerable<(string Host, Sourced<VirtualService> Source)> UnknownHostsAt(int port) =>
        UnknownHosts.Where(entry => Egress?.Sees(entry.Source.Namespace, entry.Host, port) is not false);

    /// <summary>Only what its workload uses is in it; the proxy asks for the rest when that is called.</summary>
    public bool IsOnDemand { get; }

    /// <summary>Whom the proxy asks about what CUSTOM policies match. Its service is always in sight.</summary>
    public AuthorizerChoice Authorizer { get; }

    /// <summary>What of the mesh the Sidecar resource lets it see; null where nothing narrows it.</summary>
    private EgressScope? Egress { get; }

    /// <summary>Nothing narrows it: then what it sees does not depend on routes.</summary>
    private bool SeesAll { get; }

    /// <summary>The view of a mesh that differs in routes and in the members of services only.</summary>
    public ProxyView On(MeshIndex mesh) =>
        SeesAll || mesh.HasSameRoutes(Mesh) ? new ProxyView(this, mesh) : new ProxyView(mesh, Scope);

    /// <summary>The service of a full host name; null when the workload does not see it.</summary>
    public Service? FindService(string host) => services.GetValueOrDefault(host);

    /// <summary>What the DestinationRules say for a service, seen from here.</summary>
    public EffectiveRule RuleOf(Service service)
    {
        if (!rules.TryGetValue(service.Host, out var rule))
        {
            rules[service.Host] = rule = DestinationRuleLookup.Find(Mesh, Scope, service);
        }

        return rule;
    }

    /// <summary>Where a rule leads, mirrors included.</summary>
    public static IEnumerable<Destination> DestinationsOf(HttpRoute route) =>
        route.Route.Select(r => r.Destination)
            .Append(route.Mirror)
            .Concat(route.Mirrors.Select(m => m.Destination))
            .OfType<Destination>();

    private bool HasService(string host) =>
        services.ContainsKey(host)
        || (host.StartsWith('*') && Services.Any(service => HostName.Matches(host, service.Host)));

    /// <summary>Where a visible route leads is visible too, whatever the Sidecar resource lists.</summary>
    private void AddRouteTargets()
    {
        foreach (var source in VirtualServices.All)
        {
            foreach (var destination in DestinationsOf(source.Spec))
            {
                var host = HostName.Resolve(destination.Host, source.Namespace);
                if (Mesh.Registry.Find(host, Scope.Namespace) is not { } service) continue;
                if (services.TryAdd(host, service)) continue;
                services[host] = WithPort(services[host], service, destination.Port?.Number);
            }
        }
    }

    /// <summary>What is seen of a service, with one more of its ports.</summary>
    private static Service WithPort(Service seen, Service service, int? number)
    {
        if (number is not { } wanted || seen.FindPort(wanted) is not null || service.FindPort(wanted) is null) return seen;
        var ports = service.Ports.Where(port => port.Number == wanted || seen.FindPort(port.Number) is not null);
        return service with { Ports = [.. ports] };
    }

    /// <summary>Where all rules of a VirtualService lead.</summary>
    public static IEnumerable<Destination> DestinationsOf(VirtualService source) =>
        source.Http.SelectMany(DestinationsOf).Concat(
            source.Tls.SelectMany(r => r.Route).Concat(source.Tcp.SelectMany(r => r.Route))
                .Select(r => r.Destination)
                .OfType<Destination>());
}
