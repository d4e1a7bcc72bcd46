using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>A request that a route forwards.</summary>
/// <param name="Sender">The proxy that does.</param>
/// <param name="Table">The routes of the port.</param>
/// <param name="Host">The virtual host.</param>
/// <param name="Route">The route.</param>
/// <param name="View">The request as routing saw it.</param>
internal sealed record Forwarding(
    Sender Sender, RouteTableModel Table, VirtualHostModel Host, RouteModel Route, RequestView View);

/// <summary>What becomes of what goes to a cluster.</summary>
internal sealed class ClusterExplainer(InboundExplainer inbound)
{
    /// <summary>Explains a request.</summary>
    /// <param name="forwarding">The request.</param>
    /// <param name="forward">The route's action.</param>
    /// <param name="choice">The cluster.</param>
    /// <param name="percent">Its share of what the route forwards.</param>
    /// <param name="share">How likely it is that this cluster is drawn at all, from 0 to 1.</param>
    public (ClusterView View, IEnumerable<Outcome> Outcomes) Explain(
        Forwarding forwarding, RouteAction.Forward forward, WeightedClusterModel choice, double percent, double share)
    {
        var sender = forwarding.Sender;
        var path = forward.RewritePath(forwarding.View.Path, forwarding.Route.Match.Path);
        if (Find(sender, choice.Name, percent, out var view) is not { } cluster)
        {
            var outcome = new Outcome(
                share, forward.ClusterNotFoundStatus, OutcomeKind.NoCluster, WhyMissing(choice.Name));
            return (view, [outcome]);
        }

        if (!path.StartsWith('/'))
        {
            var reason = $"the route's rewrite leaves no path: {path}";
            return (view, [new Outcome(share, 400, OutcomeKind.BadRequest, reason)]);
        }

        if (cluster.Kind is ClusterKind.OriginalDestination)
        {
            var reason = WhyPassing(forwarding.View.Call.Host, choice.Name);
            return (view, [new Outcome(share, 200, OutcomeKind.LeavesMesh, reason)]);
        }

        var headers = HeaderChanges.Apply(forwarding.Table, forwarding.Host, forwarding.Route, choice, forwarding.View);
        var call = forwarding.View.Call;
        var lane = LaneExplainer.Decide(cluster, forwarding.View with { Call = call with { Headers = headers } });
        var traffic = new Traffic(Rewritten(call, lane.Mark(headers), forward, choice, path), IsRequest: true);
        return ToMembers(sender, traffic, cluster, view with { Lane = lane.View }, share, lane, "");
    }

    /// <summary>Explains bytes that are carried.</summary>
    /// <param name="sender">The proxy that carries them.</param>
    /// <param name="traffic">What they are.</param>
    /// <param name="called">The host or address that was called.</param>
    /// <param name="choice">The cluster.</param>
    /// <param name="percent">Its share of what is carried.</param>
    /// <param name="share">How likely it is that this cluster is drawn at all, from 0 to 1.</param>
    public (ClusterView View, IEnumerable<Outcome> Outcomes) Carry(
        Sender sender, Traffic traffic, string called, WeightedClusterModel choice, double percent, double share)
    {
        if (Find(sender, choice.Name, percent, out var view) is not { } cluster)
        {
            return (view, [new Outcome(share, null, OutcomeKind.NoCluster, WhyMissing(choice.Name))]);
        }

        return cluster.Kind is ClusterKind.OriginalDestination
            ? (view, [new Outcome(share, traffic.Status(200), OutcomeKind.LeavesMesh, WhyPassing(called, choice.Name))])
            : ToMembers(sender, traffic, cluster, view, share, null, called);
    }

    // Who has dialled a member gets that one. Bytes are in no lane, and nobody can be answered who sends them.
    private (ClusterView, IEnumerable<Outcome>) ToMembers(
        Sender sender,
        Traffic traffic,
        ClusterModel cluster,
        ClusterView view,
        double share,
        LaneExplainer? lane,
        string dialled)
    {
        var canAnswer = lane is not null;
        var registered = sender.Proxy.Origins.Endpoints(cluster.Name);
        var takes = cluster.Endpoints.FirstOrDefault(e => e.Address == dialled) is { } meant
            ? [meant]
            : lane?.Takes ?? LaneExplainer.InService(LaneExplainer.BaseOf(cluster));
        view = view with
        {
            Endpoints = new EndpointsView(
                takes.Length,
                cluster.Endpoints.Count(e => e.Health is EndpointHealth.Draining),
                registered.Count(e => e.Workload.Health is WorkloadHealth.Unhealthy),
                takes.Count(e => TransportTo(e, cluster.Tls, traffic) is Transport.MutualTls)),
        };
        var weighed = EndpointWeights.Of(takes, takes, cluster, e => e);
        if (weighed.Length == 0)
        {
            var reason = lane?.Refusal ?? WhyNobody(cluster, registered);
            return (view, [new Outcome(share, canAnswer ? 503 : null, OutcomeKind.NoHealthyUpstream, reason)]);
        }

        if (sender.Hops >= Explainers.MaxHops)
        {
            var reason = $"has passed {sender.Hops} proxies and is not followed any further";
            return (view, [new Outcome(share, traffic.Status(200), OutcomeKind.LeavesMesh, reason)]);
        }

        var byAddress = registered.DistinctBy(e => (e.Workload.Address, e.DialPort))
            .ToDictionary(e => (e.Workload.Address, e.DialPort));
        var whole = weighed.Sum(w => w.Weight);
        var inside = new List<InboundView>();
        var outcomes = new List<Outcome>();
        var groups = weighed.GroupBy(
            w => KeyOf(w.Endpoint, TransportTo(w.Endpoint, cluster.Tls, traffic), MemberAt(w.Endpoint)));
        foreach (var group in groups)
        {
            var part = share * group.Sum(w => w.Weight) / whole;
            ImmutableArray<ServiceEndpoint> members = [.. group.Select(w => MemberAt(w.Endpoint)).OfType<ServiceEndpoint>()];
            if (members.IsEmpty)
            {
                var (stranger, _) = group.First();
                var reason = $"goes to {stranger.Address}:{stranger.Port}, which is no member of the mesh";
                outcomes.Add(new Outcome(part, traffic.Status(200), OutcomeKind.LeavesMesh, reason));
                continue;
            }

            var (arrived, possible) = inbound.Explain(new Arrival(
                members,
                part,
                SentOver(group.Key.Transport, traffic),
                group.Key.Transport,
                traffic.Seal?.PeerId ?? sender.Identity,
                sender.Address,
                FromProxy: canAnswer,
                traffic.Seal?.Tls ?? cluster.Tls,
                sender.Hops + 1));
            inside.Add(arrived);
            outcomes.AddRange(possible);
        }

        return (view with { Inbound = [.. inside] }, outcomes);

        ServiceEndpoint? MemberAt(EndpointModel endpoint) => byAddress.GetValueOrDefault((endpoint.Address, endpoint.Port));
    }

    private static Traffic SentOver(Transport transport, Traffic traffic)
    {
        var headers = HeaderChanges.OnTheWire(traffic.Call.Headers, isHop: transport is Transport.MutualTls);
        return traffic with { Seal = null, Call = traffic.Call with { Headers = headers } };
    }

    private static CallFacts Rewritten(
        CallFacts call,
        ImmutableDictionary<string, StringValues> headers,
        RouteAction.Forward forward,
        WeightedClusterModel choice,
        string path)
    {
        if (forward.Rewrite is not null) headers = headers.SetItem(MeshHeaders.OriginalPath, call.Target.Text);
        return new CallFacts(
            call.Method,
            forward.HostRewrite ?? choice.HostRewrite ?? call.Host,
            call.Target with { Path = path },
            HeaderChanges.OnTheWayOn(headers));
    }

    // Members that are alike: what happens at one of them happens at all.
    private static (Transport Transport, object Alike) KeyOf(
        EndpointModel endpoint, Transport transport, ServiceEndpoint? member) =>
        (transport, member is null
            ? $"{endpoint.Address}:{endpoint.Port}"
            : (ScopeModels.ScopeOf(member.Workload), member.Workload.ServiceAccount, member.Workload.Identity,
                member.Workload.HasSidecar, member.WorkloadPort, member.Peer));

    private static Transport TransportTo(
        EndpointModel endpoint, UpstreamTlsModel tls, Traffic traffic) => tls.Mode switch
    {
        _ when traffic.Seal is not null => Transport.MutualTls,
        UpstreamTlsMode.Mesh => Transport.MutualTls,
        UpstreamTlsMode.AutoPerEndpoint when endpoint.UsesMesh => Transport.MutualTls,
        UpstreamTlsMode.Simple => Transport.Tls,
        _ => traffic.IsTls ? Transport.Tls : Transport.Plaintext,
    };

    private static ClusterModel? Find(Sender sender, string name, double percent, out ClusterView view)
    {
        ImmutableArray<CandidateView> rules = [.. sender.Proxy.Origins.DestinationRules(name).Select(CandidateView.Of)];
        var cluster = sender.Proxy.Model.Clusters.GetValueOrDefault(name);
        var tls = cluster is null ? "" : TlsOf(cluster.Tls);
        view = new ClusterView(name, percent, cluster is not null, rules, tls, null, []);
        return cluster;
    }

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

    private static string WhyPassing(string called, string cluster) =>
        cluster == UnknownHostRoutes.PassthroughCluster
        ? $"nothing of the mesh is called {called}: it goes where it points (ALLOW_ANY)"
        : "goes to the address that the client names";

    private static string WhyNobody(ClusterModel cluster, ImmutableArray<ServiceEndpoint> registered) =>
        cluster.Name == UnknownHostRoutes.BlackHoleCluster ? "the route's destination does not exist"
        : registered.IsEmpty
        ? $"{cluster.Name} has no members"
        : !LaneExplainer.InService(cluster.Endpoints).IsEmpty
        ? $"the members of {cluster.Name} that may be chosen are all of lanes that it is not in"
        : $"none of the {registered.Length} members of {cluster.Name} may be chosen: they are unhealthy or leave";
}
