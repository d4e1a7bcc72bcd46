using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Silo.Explanations;

/// <summary>A request that a route forwards.</summary>
/// <param name="Call">The question.</param>
/// <param name="Client">The client's sidecar.</param>
/// <param name="Identity">What the client proves.</param>
/// <param name="Table">The routes of the port.</param>
/// <param name="Host">The virtual host.</param>
/// <param name="Route">The route.</param>
/// <param name="View">The request as routing saw it.</param>
internal sealed record Forwarding(
    ExplainedCall Call,
    ScopeModel Client,
    string Identity,
    RouteTableModel Table,
    VirtualHostModel Host,
    RouteModel Route,
    RequestView View);

/// <summary>What becomes of a request that goes to a cluster.</summary>
internal sealed class ClusterExplainer(InboundExplainer inbound)
{
    /// <param name="forwarding">The request.</param>
    /// <param name="forward">The route's action.</param>
    /// <param name="choice">The cluster.</param>
    /// <param name="percent">Its share of what the route forwards.</param>
    /// <param name="share">How likely it is that this cluster is drawn at all, from 0 to 1.</param>
    public (ClusterView View, IEnumerable<Outcome> Outcomes) Explain(
        Forwarding forwarding, RouteAction.Forward forward, WeightedClusterModel choice, double percent, double share)
    {
        var origins = forwarding.Client.Origins;
        ImmutableArray<CandidateView> rules = [.. origins.DestinationRules(choice.Name).Select(CandidateView.Of)];
        if (!forwarding.Client.Model.Clusters.TryGetValue(choice.Name, out var cluster))
        {
            var outcome = new Outcome(
                share, forward.ClusterNotFoundStatus, OutcomeKind.NoCluster, WhyMissing(choice.Name));
            return (new ClusterView(choice.Name, percent, false, rules, "", null, []), [outcome]);
        }

        var view = new ClusterView(choice.Name, percent, true, rules, TlsOf(cluster.Tls), null, []);
        var path = forward.RewritePath(forwarding.View.Path, forwarding.Route.Match.Path);
        if (!path.StartsWith('/'))
        {
            var reason = $"the route's rewrite leaves no path: {path}";
            return (view, [new Outcome(share, 400, OutcomeKind.BadRequest, reason)]);
        }

        if (cluster.Kind is ClusterKind.OriginalDestination)
        {
            return (view, [new Outcome(share, 200, OutcomeKind.LeavesMesh, WhyPassing(forwarding, choice.Name))]);
        }

        return ToMembers(forwarding, cluster, view, Rewritten(forwarding, forward, choice, path), share);
    }

    private (ClusterView, IEnumerable<Outcome>) ToMembers(
        Forwarding forwarding, ClusterModel cluster, ClusterView view, CallFacts call, double share)
    {
        var registered = forwarding.Client.Origins.Endpoints(cluster.Name);
        var takes = InService(cluster.Endpoints);
        view = view with
        {
            Endpoints = new EndpointsView(
                takes.Length,
                cluster.Endpoints.Count(e => e.Health is EndpointHealth.Draining),
                registered.Count(e => e.Workload.Health is WorkloadHealth.Unhealthy),
                takes.Count(e => TransportTo(e, cluster.Tls) is Transport.MutualTls)),
        };
        if (takes.IsEmpty)
        {
            var reason = WhyNobody(cluster.Name, registered);
            return (view, [new Outcome(share, 503, OutcomeKind.NoHealthyUpstream, reason)]);
        }

        var byAddress = registered.DistinctBy(e => (e.Workload.Address, e.DialPort))
            .ToDictionary(e => (e.Workload.Address, e.DialPort));
        var whole = (double)takes.Sum(e => Math.Max(1, e.Weight));
        var inside = new List<InboundView>();
        var outcomes = new List<Outcome>();
        var groups = takes.GroupBy(e => KeyOf(e, cluster.Tls, byAddress.GetValueOrDefault((e.Address, e.Port))));
        foreach (var group in groups)
        {
            var part = share * group.Sum(e => Math.Max(1, e.Weight)) / whole;
            ImmutableArray<ServiceEndpoint> members =
                [.. group.Select(e => byAddress.GetValueOrDefault((e.Address, e.Port))).OfType<ServiceEndpoint>()];
            if (members.IsEmpty)
            {
                var reason = $"goes to {group.First().Address}:{group.First().Port}, which is no member of the mesh";
                outcomes.Add(new Outcome(part, 200, OutcomeKind.LeavesMesh, reason));
                continue;
            }

            var (arrived, outcome) = inbound.Explain(new Arrival(
                members,
                part,
                call,
                group.Key.Transport,
                forwarding.Identity,
                forwarding.Call.Address,
                FromSidecar: true,
                cluster.Tls));
            inside.Add(arrived);
            outcomes.Add(outcome);
        }

        return (view with { Inbound = [.. inside] }, outcomes);
    }

    // Those of the first priority that has anybody; degraded ones only where nobody is healthy.
    private static ImmutableArray<EndpointModel> InService(ImmutableArray<EndpointModel> endpoints)
    {
        foreach (var level in endpoints.GroupBy(e => e.Priority).OrderBy(g => g.Key))
        {
            foreach (var health in new[] { EndpointHealth.Healthy, EndpointHealth.Degraded })
            {
                if (level.Any(e => e.Health == health)) return [.. level.Where(e => e.Health == health)];
            }
        }

        return [];
    }

    private static CallFacts Rewritten(
        Forwarding forwarding, RouteAction.Forward forward, WeightedClusterModel choice, string path)
    {
        var call = forwarding.View.Call;
        var before = forward.Rewrite is null
            ? forwarding.View
            : forwarding.View with
            {
                Call = call with { Headers = call.Headers.SetItem(MeshHeaders.OriginalPath, call.Target.Text) },
            };
        return new CallFacts(
            call.Method,
            forward.HostRewrite ?? choice.HostRewrite ?? call.Host,
            call.Target with { Path = path },
            HeaderChanges.Apply(forwarding.Table, forwarding.Host, forwarding.Route, choice, before));
    }

    // Members that are alike: what happens at one of them happens at all.
    private static (Transport Transport, object Alike) KeyOf(
        EndpointModel endpoint, UpstreamTlsModel tls, ServiceEndpoint? member) =>
        (TransportTo(endpoint, tls), member is null
            ? $"{endpoint.Address}:{endpoint.Port}"
            : (ScopeModels.ScopeOf(member.Workload), member.Workload.ServiceAccount, member.Workload.Identity,
                member.Workload.HasSidecar, member.WorkloadPort, member.Peer));

    private static Transport TransportTo(EndpointModel endpoint, UpstreamTlsModel tls) => tls.Mode switch
    {
        UpstreamTlsMode.Mesh => Transport.MutualTls,
        UpstreamTlsMode.AutoPerEndpoint => endpoint.UsesMesh ? Transport.MutualTls : Transport.Plaintext,
        UpstreamTlsMode.Simple => Transport.Tls,
        _ => Transport.Plaintext,
    };

    private static string TlsOf(UpstreamTlsModel tls) => tls.Mode switch
    {
        UpstreamTlsMode.Mesh => "mesh mTLS to all",
        UpstreamTlsMode.AutoPerEndpoint => "mesh mTLS to members with a sidecar that takes it, plaintext to the others",
        UpstreamTlsMode.Simple when tls.CertificateFile.Length > 0 => "TLS with the client's own certificate",
        UpstreamTlsMode.Simple => "TLS",
        _ => "plaintext",
    };

    private static string WhyMissing(string cluster) => cluster.Split('|', 4) is [_, var port, var subset, var host]
        ? subset.Length > 0
            ? $"there is no subset {subset} of {host}:{port}: no DestinationRule in force has it, or there is no such port"
            : $"the client knows no service {host} with a port {port}"
        : $"there is no cluster {cluster}";

    private static string WhyPassing(Forwarding forwarding, string cluster) =>
        cluster == UnknownHostRoutes.PassthroughCluster
        ? $"nothing of the mesh is called {forwarding.View.Call.Host}: it goes where it points (ALLOW_ANY)"
        : "goes to the address that the client names";

    private static string WhyNobody(string cluster, ImmutableArray<ServiceEndpoint> registered) => registered.IsEmpty
        ? $"{cluster} has no members"
        : $"none of the {registered.Length} members of {cluster} may be chosen: they are unhealthy or leave";
}
