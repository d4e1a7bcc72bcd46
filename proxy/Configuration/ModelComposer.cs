using System.Collections.Frozen;
using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Configuration.Readers;

namespace MeshOrleans.Proxy.Configuration;

/// <summary>A model and what is missing from it.</summary>
/// <param name="Model">What can be served.</param>
/// <param name="Warming">
/// Listeners and clusters that wait for their routes or endpoints; a former one goes on meanwhile.
/// </param>
/// <param name="Dangling">Clusters that routes name and nobody has.</param>
internal sealed record Composition(ProxyModel Model, ImmutableArray<string> Warming, ImmutableArray<string> Dangling);

/// <summary>Resources to one consistent model. Pure.</summary>
/// <remarks>
/// Make before break: a cluster without endpoints or a listener without routes never replaces one that works.
/// </remarks>
internal sealed class ModelComposer(ResourceSet resources, ProxyModel previous, ResourceSet former)
{
    private readonly List<string> _warming = [];

    /// <param name="resources">What is to be served.</param>
    /// <param name="previous">
    /// The model in use, made from <paramref name="former"/>: what has not changed is taken from it.
    /// </param>
    /// <param name="former">The resources behind it.</param>
    /// <exception cref="UnusableResourceException">Two resources contradict each other.</exception>
    public static Composition Compose(ResourceSet resources, ProxyModel previous, ResourceSet former) =>
        new ModelComposer(resources, previous, former).Compose();

    private Composition Compose()
    {
        var clusters = Clusters();
        var outbound = new Dictionary<int, OutboundPortModel>();
        var inbound = new Dictionary<int, InboundPortModel>();
        var edge = new Dictionary<string, EdgeListenerModel>(StringComparer.Ordinal);
        var tcp = new List<TcpServiceModel>();
        ListenerTemplate.CatchAll? rest = null;
        foreach (var listener in resources.Listeners.Values)
        {
            switch (listener.Content)
            {
                case ListenerTemplate.Outbound port:
                    if (Outbound(listener.Name, port) is { } model) Add(outbound, model.Port, model, listener.Name);
                    break;
                case ListenerTemplate.Tcp template:
                    tcp.Add(template.Service);
                    break;
                case ListenerTemplate.Inbound ports:
                    foreach (var port in ports.Ports)
                    {
                        if (Inbound(listener.Name, port) is { } inboundModel)
                        {
                            Add(inbound, inboundModel.Port, inboundModel, listener.Name);
                        }
                    }

                    break;
                case ListenerTemplate.Edge template:
                    if (Edge(listener.Name, template) is { } edgeModel) edge.Add(listener.Name, edgeModel);
                    break;
                case ListenerTemplate.CatchAll all:
                    rest = all;
                    break;
            }
        }

        var next = previous with
        {
            Clusters = clusters.ToFrozenDictionary(StringComparer.Ordinal),
            Outbound = outbound.ToFrozenDictionary(),
            OutboundTcp = Tcp(tcp),
            Inbound = inbound.ToFrozenDictionary(),
            Edge = edge.ToFrozenDictionary(StringComparer.Ordinal),
            OutboundPolicy = rest?.Policy ?? ImpliedPolicy(clusters, outbound),

            // Who is told of everything from now on still asks until all of it has come.
            IsOnDemand = rest is { IsOnDemand: true } || (previous.IsOnDemand && _warming.Count > 0),
        };
        var dangling = References(next).Where(name => !clusters.ContainsKey(name)).Distinct(StringComparer.Ordinal);
        return new Composition(next, [.. _warming], [.. dangling]);
    }

    private Dictionary<string, ClusterModel> Clusters()
    {
        var clusters = new Dictionary<string, ClusterModel>(StringComparer.Ordinal);
        foreach (var (name, cluster) in resources.Clusters)
        {
            var (model, edsName, naming) = cluster.Content;
            if (naming is not ClusterNaming.None)
            {
                clusters[name] = model with { Endpoints = Resolve(model.Endpoints, naming) };
            }
            else if (edsName is null)
            {
                clusters[name] = Own(name, cluster) ?? model;
            }
            else if (resources.Assignments.TryGetValue(edsName, out var assignment))
            {
                clusters[name] = Unchanged(name, edsName, cluster, assignment) ?? model with
                {
                    Endpoints = assignment.Content.Endpoints,
                    OverprovisioningPercent = assignment.Content.OverprovisioningPercent,
                };
            }
            else
            {
                _warming.Add($"Cluster '{name}'");
                if (previous.Clusters.TryGetValue(name, out var working)) clusters[name] = working;
            }
        }

        return clusters;
    }

    // The cluster of this sidecar's own application. Null for any other.
    private ClusterModel? Own(string name, XdsResource<ClusterTemplate> cluster)
    {
        if (!name.StartsWith(InboundCluster.Prefix, StringComparison.Ordinal)) return null;
        if (previous.Clusters.TryGetValue(name, out var working)
            && former.Clusters.TryGetValue(name, out var formerCluster)
            && ReferenceEquals(formerCluster.Content, cluster.Content))
        {
            return working; // a new record would be planned anew
        }

        var model = cluster.Content.Model;
        var port = InboundCluster.PortOf(name);
        return model with
        {
            IsApplication = true,
            Endpoints = [.. model.Endpoints.Select(e => e with { Address = AppAddress(e, port) })],
        };
    }

    // Another port of the loopback is meant as it stands (Sidecar, defaultEndpoint); all else is the application.
    private string AppAddress(EndpointModel endpoint, int port) =>
        endpoint.Port != port
        && System.Net.IPAddress.TryParse(endpoint.Address, out var address)
        && System.Net.IPAddress.IsLoopback(address)
            ? endpoint.Address
            : previous.AppAddress;

    // A name without an answer contributes nothing yet; the cluster exists, so its callers get 503 and not 404.
    private ImmutableArray<EndpointModel> Resolve(ImmutableArray<EndpointModel> endpoints, ClusterNaming naming)
    {
        var resolved = ImmutableArray.CreateBuilder<EndpointModel>();
        foreach (var endpoint in endpoints)
        {
            if (System.Net.IPAddress.TryParse(endpoint.Address, out _))
            {
                resolved.Add(endpoint);
                continue;
            }

            var addresses = resources.Addresses.GetValueOrDefault(endpoint.Address, []);
            var used = naming is ClusterNaming.OneAddress ? addresses.Take(1) : addresses;
            resolved.AddRange(used.Select(a => endpoint with { Address = a }));
        }

        return [.. resolved.DistinctBy(e => (e.Address, e.Port))];
    }

    // The data plane plans a cluster anew when its record is another one; most changes concern few of many.
    private ClusterModel? Unchanged(
        string name, string edsName, XdsResource<ClusterTemplate> cluster, XdsResource<LoadAssignment> assignment) =>
        former.Clusters.TryGetValue(name, out var formerCluster)
        && ReferenceEquals(formerCluster.Content, cluster.Content)
        && former.Assignments.TryGetValue(edsName, out var formerAssignment)
        && ReferenceEquals(formerAssignment.Content, assignment.Content)
            ? previous.Clusters.GetValueOrDefault(name)
            : null;

    private OutboundPortModel? Outbound(string listener, ListenerTemplate.Outbound template)
    {
        if (Routes(template.Http) is { } routes)
        {
            return new OutboundPortModel(template.Port, routes.Table, template.Http.Normalization) { Bytes = routes.Bytes };
        }

        _warming.Add($"Listener '{listener}'");
        return previous.Outbound.GetValueOrDefault(template.Port);
    }

    private InboundPortModel? Inbound(string listener, InboundTemplate template)
    {
        if (template.Http is null) return template.Model;
        if (Routes(template.Http) is { } routes) return template.Model with { Routes = routes.Table };
        _warming.Add($"Listener '{listener}'");
        return previous.Inbound.GetValueOrDefault(template.Model.Port);
    }

    private EdgeListenerModel? Edge(string listener, ListenerTemplate.Edge template)
    {
        var chains = ImmutableArray.CreateBuilder<EdgeChainModel>(template.Chains.Length);
        var working = previous.Edge.GetValueOrDefault(listener);
        foreach (var (model, http) in template.Chains)
        {
            var routes = http is null ? null : Routes(http)?.Table;
            if (http is not null && routes is null)
            {
                _warming.Add($"Listener '{listener}'");
                routes = working?.Find(model.Name)?.Routes;
                if (routes is null) continue;
            }

            chains.Add(model with { Routes = routes });
        }

        // connections are looked at again when the record is another one; most changes concern few of many listeners
        if (working is not null
            && former.Listeners.TryGetValue(listener, out var before)
            && ReferenceEquals(before.Content, template)
            && working.Chains.Select(chain => chain.Routes).SequenceEqual(chains.Select(chain => chain.Routes)))
        {
            return working;
        }

        return chains.Count > 0 ? new EdgeListenerModel(listener, template.Address, chains.ToImmutable()) : null;
    }

    private RouteTemplate? Routes(HttpTemplate http) =>
        http.Routes ?? (resources.Routes.TryGetValue(http.RouteName, out var routes) ? routes.Content : null);

    private TcpServiceTable Tcp(List<TcpServiceModel> services) =>
        services.SequenceEqual(previous.OutboundTcp.All)
            ? previous.OutboundTcp
            : CoreReader.Build(FieldPath.Root, () => new TcpServiceTable(services));

    private static void Add<T>(Dictionary<int, T> ports, int port, T model, string listener)
    {
        if (!ports.TryAdd(port, model))
        {
            throw new UnusableResourceException(
                FieldPath.Root,
                $"Listener '{listener}': port {port} has a listener already");
        }
    }

    // Without a listener that says so: a host of last resort that refuses means that everything unknown is refused.
    private static OutboundPolicy ImpliedPolicy(
        Dictionary<string, ClusterModel> clusters, Dictionary<int, OutboundPortModel> outbound)
    {
        var blocks = outbound.Values.Any(o => o.Routes.Hosts.Any(h => h.Name == "block_all"));
        return blocks || !clusters.ContainsKey(UnknownHostRoutes.PassthroughCluster)
            ? OutboundPolicy.RegistryOnly
            : OutboundPolicy.AllowAny;
    }

    private static IEnumerable<string> References(ProxyModel model)
    {
        var chains = model.Edge.Values.SelectMany(listener => listener.Chains);
        var tables = model.Outbound.Values.Select(o => o.Routes)
            .Concat(model.Inbound.Values.Select(i => i.Routes))
            .Concat(chains.Select(chain => chain.Routes).OfType<RouteTableModel>());
        var routes = tables.SelectMany(t => t.Hosts).SelectMany(h => h.Routes);
        foreach (var action in routes.Select(r => r.Action).OfType<RouteAction.Forward>())
        {
            foreach (var cluster in action.Clusters.Clusters) yield return cluster.Name;
            foreach (var mirror in action.Mirrors) yield return mirror.Cluster;
        }

        var authorizers = model.Inbound.Values.Select(port => port.Authorizer)
            .Concat(chains.Select(chain => chain.Authorizer));
        foreach (var authorizer in authorizers.OfType<ExternalAuthorizerModel>()) yield return authorizer.Cluster;

        foreach (var port in model.Inbound.Values.Where(p => p.TcpCluster.Length > 0)) yield return port.TcpCluster;
        var bytes = model.OutboundTcp.All.SelectMany(service => service.AllChains)
            .Concat(model.Outbound.Values.SelectMany(port => port.Bytes.Values))
            .Select(chain => chain.Clusters);
        foreach (var choice in chains.Select(chain => chain.Clusters).OfType<WeightedChoice>().Concat(bytes))
        {
            foreach (var cluster in choice.Clusters) yield return cluster.Name;
        }
    }
}
