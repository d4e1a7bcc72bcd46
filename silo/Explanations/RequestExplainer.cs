using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Translation.Clusters;

namespace MeshOrleans.Silo.Explanations;

/// <summary>
/// Follows a request that nobody has sent through the mesh as a snapshot has it: the resources that the client's
/// sidecar gets, read by its own readers, decided by its own evaluator; then the same for the member that it comes to.
/// </summary>
/// <remarks>
/// What depends on the past is left out: ejected members, limits that are used up, connections that are open. Of
/// several priorities of members the first that has anybody in service stands for all.
/// </remarks>
internal sealed class RequestExplainer
{
    private const int DefaultPort = 80;

    private readonly ScopeModels _models;
    private readonly InboundExplainer _inbound;
    private readonly ClusterExplainer _clusters;

    /// <param name="snapshot">The mesh.</param>
    /// <param name="clock">The time by which tokens are judged.</param>
    public RequestExplainer(MeshSnapshot snapshot, TimeProvider clock)
    {
        _models = new ScopeModels(snapshot);
        _inbound = new InboundExplainer(_models, clock);
        _clusters = new ClusterExplainer(_inbound);
    }

    /// <summary>Explains a request.</summary>
    /// <param name="call">The request.</param>
    /// <param name="refusal">Why the client's sidecar refuses its configuration; empty when it does not.</param>
    /// <returns>Null when there is a refusal: the sidecar goes on with something that is not known here.</returns>
    public Explanation? Explain(ExplainedCall call, out string refusal)
    {
        var client = _models.Of(call.Scope);
        refusal = client.Refusal;
        if (refusal.Length > 0) return null;
        var port = Model.Evaluation.HostName.Port(Model.Evaluation.HostName.Normalize(call.Host)) ?? DefaultPort;
        return call.Plaintext ? WithoutSidecar(call, client, port) : ThroughSidecar(call, client, port);
    }

    private Explanation ThroughSidecar(ExplainedCall call, ScopeModel client, int port)
    {
        var listener = client.Model.Outbound.GetValueOrDefault(port);
        var identity = IdentityOf(call, client);
        var source = SourceOf(call, identity);
        var mode = listener?.PathNormalization ?? PathNormalizationMode.Base;
        if (!PathNormalizer.TryNormalize(call.RawTarget, mode, out var target))
        {
            return Refused(call, source, port, 400, "the client's sidecar refuses the path");
        }

        var facts = new CallFacts(call.Method, call.Host, target, HeaderChanges.OnTheWayOut(call.Headers));
        var view = new RequestView(facts, new HopFacts(port));
        var table = listener?.Routes ?? UnknownHostRoutes.Of(client.Model.OutboundPolicy);
        var decision = table.Find(in view, EveryDrawHits.Instance);
        var host = RouteExplainer.HostOf(decision.Host);
        var outbound = new OutboundView(
            decision.Host?.Name,
            host is null ? [] : [.. client.Origins.VirtualServices(host).Select(CandidateView.Of)],
            RouteExplainer.Routes(decision, client.Origins, port, view),
            decision.Route is { } chosen ? ActionText.Of(chosen, view) : null);
        var destination = new DestinationView(call.Host, port, host, call.Method, target.Text);
        var (clusters, outcomes) = decision.Route is { } route
            ? Follow(new Forwarding(call, client, identity, table, decision.Host!, route, view))
            : ([], [new Outcome(1, 404, OutcomeKind.NoRoute, WhyNoRoute(call, decision))]);
        var seen = GrpcRequest.IsGrpc(in view) ? outcomes.Select(o => o.ToGrpc()) : outcomes;
        return new Explanation(Outcome.Sum(seen), source, destination, outbound, clusters);
    }

    private (ImmutableArray<ClusterView> Clusters, List<Outcome> Outcomes) Follow(Forwarding forwarding)
    {
        var (route, view) = (forwarding.Route, forwarding.View);
        var outcomes = new List<Outcome>();
        var rest = 1.0;
        if (route.Fault is { } fault && fault.Draw(in view, EveryDrawHits.Instance) is { Aborts: true } abort)
        {
            var aborted = fault.AbortShare.PerMillion / 1_000_000.0;
            outcomes.Add(new Outcome(
                aborted,
                abort.HttpStatus ?? 200,
                OutcomeKind.FaultInjected,
                $"a fault aborts {fault.AbortShare} of such requests",
                abort.GrpcStatus));
            rest -= aborted;
            if (rest <= 0) return ([], outcomes);
        }

        if (route.Cors is { } cors
            && cors.Judge(in view, EveryDrawHits.Instance, out _)
                is CorsOutcome.Preflight or CorsOutcome.RefusedPreflight)
        {
            var answered = rest * cors.Share.PerMillion / 1_000_000.0;
            outcomes.Add(
                new Outcome(answered, 200, OutcomeKind.Answered, "the client's sidecar answers the preflight"));
            rest -= answered;
            if (rest <= 0) return ([], outcomes);
        }

        switch (route.Action)
        {
            case RouteAction.Redirect redirect:
                var place = redirect.Location(in view, route.Match.Path);
                outcomes.Add(new Outcome(rest, redirect.Status, OutcomeKind.Redirected, $"is sent to {place}"));
                return ([], outcomes);
            case RouteAction.DirectResponse direct:
                outcomes.Add(new Outcome(rest, direct.Status, OutcomeKind.Answered, WhyAnswered(forwarding, direct)));
                return ([], outcomes);
            default:
                return (ToClusters(forwarding, (RouteAction.Forward)route.Action, rest, outcomes), outcomes);
        }
    }

    private ImmutableArray<ClusterView> ToClusters(
        Forwarding forwarding, RouteAction.Forward forward, double rest, List<Outcome> outcomes)
    {
        var choices = forward.Clusters.Clusters;
        var whole = choices.Length == 1 ? 1 : choices.Sum(c => c.Weight);
        var views = ImmutableArray.CreateBuilder<ClusterView>();
        foreach (var choice in choices)
        {
            var part = choices.Length == 1 ? 1 : (double)choice.Weight / whole;
            if (part <= 0) continue;
            var percent = Math.Round(part * 100, 4);
            var (view, possible) = _clusters.Explain(forwarding, forward, choice, percent, rest * part);
            views.Add(view);
            outcomes.AddRange(possible);
        }

        return views.ToImmutable();
    }

    // Such a client dials a member of the service by itself; no route and no DestinationRule is asked.
    private Explanation WithoutSidecar(ExplainedCall call, ScopeModel client, int port)
    {
        var name = Model.Evaluation.HostName.WithoutPort(Model.Evaluation.HostName.Normalize(call.Host)).ToString();
        var host = client.Origins.FindHost(name, port);
        var destination = new DestinationView(call.Host, port, host, call.Method, call.RawTarget);
        var source = SourceOf(call, "");
        if (host is null)
        {
            var reason = $"nothing of the mesh is called {name}: it goes where it points";
            var outside = new Outcome(1, 200, OutcomeKind.LeavesMesh, reason);
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

        var facts = new CallFacts(call.Method, call.Host, new RequestTarget(call.RawTarget, ""), call.Headers);
        var inside = new List<InboundView>();
        var outcomes = new List<Outcome>();
        var groups = members.GroupBy(
            e => (ScopeModels.ScopeOf(e.Workload), e.Workload.HasSidecar, e.WorkloadPort, e.Peer));
        foreach (var group in groups)
        {
            var share = (double)group.Count() / members.Length;
            var (arrived, outcome) = _inbound.Explain(new Arrival(
                [.. group],
                share,
                facts,
                Transport.Plaintext,
                PeerId: "",
                call.Address,
                FromSidecar: false,
                UpstreamTlsModel.Off));
            inside.Add(arrived);
            outcomes.Add(outcome);
        }

        var view = new ClusterView(
            cluster, 100, true, [], "plaintext: the client has no sidecar", null, [.. inside]);
        return new Explanation(Outcome.Sum(outcomes), source, destination, null, [view]);
    }

    private static Explanation Refused(
        ExplainedCall call, SourceView source, int port, int status, string reason) => new(
        Outcome.Sum([new Outcome(1, status, OutcomeKind.BadRequest, reason)]),
        source,
        new DestinationView(call.Host, port, null, call.Method, call.RawTarget),
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

    private static string WhyAnswered(Forwarding forwarding, RouteAction.DirectResponse direct) =>
        RouteExplainer.HostOf(forwarding.Host) is null && direct.Status == 502
            ? $"nothing of the mesh is called {forwarding.Call.Host}, and unknown hosts are refused (REGISTRY_ONLY)"
            : $"the client's sidecar answers {direct.Status} by itself";
}
