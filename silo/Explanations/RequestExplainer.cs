using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Translation.Clusters;

namespace MeshOrleans.Silo.Explanations;

/// <summary>
/// Follows a request that nobody has sent, or a connection that nobody has opened, through the mesh as a snapshot has
/// it: the resources that the client's sidecar gets, or the gateway where it enters, read by its own readers, decided
/// by its own evaluator; then the same for whomever it comes to.
/// </summary>
/// <remarks>
/// What depends on the past is left out: ejected members, limits that are used up, connections that are open. Of
/// several priorities of members the first that has anybody in service stands for all.
/// </remarks>
internal sealed class RequestExplainer
{
    private readonly Explainers _all;
    private readonly ConnectionExplainer _connections;

    /// <param name="snapshot">The mesh.</param>
    /// <param name="clock">The time by which tokens are judged.</param>
    public RequestExplainer(MeshSnapshot snapshot, TimeProvider clock)
    {
        _all = new Explainers(snapshot, clock);
        _connections = new ConnectionExplainer(_all);
    }

    /// <summary>Explains a request or connection.</summary>
    /// <param name="call">What is asked about.</param>
    /// <param name="refusal">
    /// Why the client's sidecar, or the gateway, refuses its configuration; empty when it does not.
    /// </param>
    /// <returns>Null when there is a refusal: the proxy goes on with something that is not known here.</returns>
    public Explanation? Explain(ExplainedCall call, out string refusal)
    {
        var client = _all.Models.Of(call.Scope);
        refusal = client.Refusal;
        if (refusal.Length > 0) return null;
        if (call.IsFromOutside) return AtGateway(call, client);
        if (call.Plaintext) return WithoutSidecar(call, client);
        return call.IsRequest ? ThroughSidecar(call, client) : Connecting(call, client);
    }

    private Explanation AtGateway(ExplainedCall call, ScopeModel gateway)
    {
        var name = call.Workload?.Name ?? call.Gateway![(call.Gateway!.LastIndexOf('/') + 1)..];
        var isTls = call.Traffic.IsTls;
        var (entry, outcomes, target) = _all.Gateways.Enter(
            new EdgeArrival(
                gateway,
                $"{call.Scope.Namespace}/{name}",
                IdentityOf(call, gateway),
                IPAddress.TryParse(call.Workload?.Address, out var own) ? own : null,
                call.Traffic,
                isTls ? Transport.Tls : Transport.Plaintext,
                IsOwnTls: isTls,
                call.ServerName,
                PeerId: "",
                call.Address,
                Share: 1,
                CanAnswer: false,
                UpstreamTlsModel.Off,
                Hops: 0),
            call.Port);
        var host = entry.Gateway?.Outbound?.VirtualHost is null
            ? null
            : Model.Evaluation.HostName.WithoutPort(Model.Evaluation.HostName.Normalize(call.Host)).ToString();
        var nobody = ImmutableSortedDictionary<string, string>.Empty;
        var source = new SourceView("", null, "", null, nobody, Plaintext: true)
        {
            Gateway = $"{call.Scope.Namespace}/{name}",
            Address = call.Address?.ToString(),
        };
        return new Explanation(
            Outcome.Sum(AsSeen(call, outcomes)), source, DestinationOf(call, host, target ?? call.RawTarget), null, [])
        {
            Entry = entry,
        };
    }

    private Explanation Connecting(ExplainedCall call, ScopeModel client)
    {
        var identity = IdentityOf(call, client);
        var way = _connections.Explain(SenderOf(call, client, identity), call, call.Port);
        return new Explanation(
            Outcome.Sum(way.Outcomes),
            SourceOf(call, identity),
            DestinationOf(call, way.Host, ""),
            way.Outbound,
            way.Clusters);
    }

    private static IEnumerable<Outcome> AsSeen(ExplainedCall call, IEnumerable<Outcome> outcomes)
    {
        var view = new RequestView(call.Traffic.Call, new HopFacts(call.Port));
        return GrpcRequest.IsGrpc(in view) ? outcomes.Select(o => o.ToGrpc()) : outcomes;
    }

    private Explanation ThroughSidecar(ExplainedCall call, ScopeModel client)
    {
        var port = call.Port;
        var listener = client.Model.Outbound.GetValueOrDefault(port);
        var identity = IdentityOf(call, client);
        var source = SourceOf(call, identity);
        var mode = listener?.PathNormalization ?? PathNormalizationMode.Base;
        if (!PathNormalizer.TryNormalize(call.RawTarget, mode, out var target))
        {
            return Refused(call, source, 400, "the client's sidecar refuses the path");
        }

        var facts = new CallFacts(call.Method, call.Host, target, HeaderChanges.OnTheWayOut(call.Headers));
        var view = new RequestView(facts, new HopFacts(port));
        var table = listener?.Routes ?? UnknownHostRoutes.Of(client.Model.OutboundPolicy);
        var decision = table.Find(in view, EveryDrawHits.Instance);
        var host = RouteExplainer.HostOf(decision.Host);
        var outbound = new OutboundView(
            decision.Host?.Name,
            host is null ? [] : [.. client.Origins.VirtualServices(host).Select(CandidateView.Of)],
            RouteExplainer.Routes(decision, name => client.Origins.Rules(name, port), view),
            decision.Route is { } chosen ? ActionText.Of(chosen, view) : null);
        var destination = DestinationOf(call, host, target.Text);
        var (clusters, outcomes) = decision.Route is { } route
            ? _all.Routes.Follow(
                new Forwarding(SenderOf(call, client, identity), table, decision.Host!, route, view), 1)
            : ([], [new Outcome(1, 404, OutcomeKind.NoRoute, WhyNoRoute(call, decision))]);
        return new Explanation(Outcome.Sum(AsSeen(call, outcomes)), source, destination, outbound, clusters);
    }

    // Such a client dials a member of the service by itself; no route and no DestinationRule is asked.
    private Explanation WithoutSidecar(ExplainedCall call, ScopeModel client)
    {
        var port = call.Port;
        var name = Model.Evaluation.HostName.WithoutPort(Model.Evaluation.HostName.Normalize(call.Host)).ToString();
        var host = client.Origins.FindHost(name, port);
        var destination = DestinationOf(call, host, call.RawTarget);
        var source = SourceOf(call, "");
        if (host is null)
        {
            var reason = $"nothing of the mesh is called {name}: it goes where it points";
            var outside = new Outcome(1, call.Traffic.Status(200), OutcomeKind.LeavesMesh, reason);
            return new Explanation(Outcome.Sum([outside]), source, destination, null, []);
        }

        var cluster = ClusterName.Outbound(host, port);
        ImmutableArray<ServiceEndpoint> members =
            [.. client.Origins.Endpoints(cluster).Where(e => e.Workload.Health is WorkloadHealth.Healthy)];
        if (members.IsEmpty)
        {
            var nobody = new Outcome(1, null, OutcomeKind.Closed, $"nobody serves {host}:{port}");
            return new Explanation(Outcome.Sum([nobody]), source, destination, null, []);
        }

        var inside = new List<InboundView>();
        var outcomes = new List<Outcome>();
        var groups = members.GroupBy(
            e => (ScopeModels.ScopeOf(e.Workload), e.Workload.HasSidecar, e.WorkloadPort, e.Peer));
        foreach (var group in groups)
        {
            var share = (double)group.Count() / members.Length;
            var (arrived, possible) = _all.Inbound.Explain(new Arrival(
                [.. group],
                share,
                call.Traffic,
                call.Traffic.IsTls ? Transport.Tls : Transport.Plaintext,
                PeerId: "",
                call.Address,
                FromProxy: false,
                UpstreamTlsModel.Off));
            inside.Add(arrived);
            outcomes.AddRange(possible);
        }

        var view = new ClusterView(
            cluster, 100, true, [], "plaintext: the client has no sidecar", null, [.. inside]);
        return new Explanation(Outcome.Sum(outcomes), source, destination, null, [view]);
    }

    private static Explanation Refused(ExplainedCall call, SourceView source, int status, string reason) => new(
        Outcome.Sum(AsSeen(call, [new Outcome(1, status, OutcomeKind.BadRequest, reason)])),
        source,
        DestinationOf(call, null, call.RawTarget),
        new OutboundView(null, [], [], null),
        []);

    private static SourceView SourceOf(ExplainedCall call, string identity) => new(
        call.Scope.Namespace,
        call.Workload?.Name,
        call.Scope.ServiceAccount,
        identity.Length > 0 ? identity : null,
        call.Scope.Labels,
        call.Plaintext);

    private static string IdentityOf(ExplainedCall call, ScopeModel client)
    {
        if (call.Workload?.Identity is { } own) return own.ToString();
        return TrustDomain.TryParse(client.Origins.TrustDomain, out var domain)
            ? SpiffeId.ForWorkload(domain, call.Scope.Namespace, call.Scope.ServiceAccount).ToString()
            : "";
    }

    private static string WhyNoRoute(ExplainedCall call, RouteDecision decision) => decision.Host is { } host
        ? $"none of the {host.Routes.Length} routes of {host.Name} takes the request"
        : $"the client's sidecar knows no virtual host for {call.Host}";

    private static Sender SenderOf(ExplainedCall call, ScopeModel client, string identity) =>
        new(client, "the client's sidecar", identity, call.Address, Hops: 0);

    private static DestinationView DestinationOf(ExplainedCall call, string? host, string path) =>
        new(call.Host, call.Port, host, call.Method, path) { Protocol = call.Protocol, ServerName = call.ServerName };
}
