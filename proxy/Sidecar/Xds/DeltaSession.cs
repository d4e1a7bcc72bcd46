using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Callers;
using MeshOrleans.Xds.Protocol.Discovery;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>
/// One delta stream, without its transport: which requests follow from opening it, from each response, and from what
/// the sidecar itself has to say. Requests leave in the order in which they are written here.
/// </summary>
internal sealed class DeltaSession(
    ModelHolder models, SecretKeeper secrets, NodeFactory nodes, IdentityHolder identity, DemandBook demands)
    : IDemandLine
{
    private const int MaxHeldHosts = 1_000;
    private const int MaxReasons = 10;
    private const int InvalidArgument = 3; // google.rpc.Code
    private readonly Lock _gate = new();
    private readonly Channel<DeltaDiscoveryRequest?> _outgoing = Channel.CreateUnbounded<DeltaDiscoveryRequest?>();
    private ImmutableSortedSet<string> _assignments = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private ImmutableSortedSet<string> _routes = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private StagedKey? _announced;

    /// <summary>What to send; null stands for <see cref="Announcement"/>.</summary>
    public ChannelReader<DeltaDiscoveryRequest?> Outgoing => _outgoing.Reader;

    /// <summary>Asks for everything, naming what is at hand already. The first request carries the node.</summary>
    public void Open()
    {
        lock (_gate)
        {
            var held = models.Resources;
            var isIntroduced = AskForHosts();
            Ask(
                TypeUrls.Cluster,
                ["*"],
                held.Clusters.Select(r => (r.Key, r.Value.Version)),
                isIntroduced ? null : nodes.Create());
            (_assignments, _routes) = (Names(held.AssignmentNames), Names(held.RouteNames));
            if (_assignments.Count > 0)
            {
                Ask(
                    TypeUrls.ClusterLoadAssignment, _assignments, held.Assignments.Select(
                        r => (r.Key, r.Value.Version)));
            }

            Ask(TypeUrls.Listener, ["*"], held.Listeners.Select(r => (r.Key, r.Value.Version)));
            if (_routes.Count > 0)
            {
                Ask(TypeUrls.RouteConfiguration, _routes, held.Routes.Select(r => (r.Key, r.Value.Version)));
            }

            // Secrets are answered in any case: by what is new, or by nothing at all from a control plane that has the
            // very roots that are held. The answer shows that it is in its right mind.
            var request = Secrets();
            request.ResourceNamesSubscribe.AddRange([SecretNames.Certificate, SecretNames.Roots]);
            foreach (var (name, version) in secrets.Held) request.InitialResourceVersions.Add(name, version);
            Send(request);
        }
    }

    /// <summary>Takes over a response, acknowledges it, and asks for what it refers to.</summary>
    public void Receive(DeltaDiscoveryResponse response)
    {
        lock (_gate)
        {
            if (response.TypeUrl == TypeUrls.HostDemand)
            {
                demands.Answered(response.Resources.Select(r => r.Name), response.RemovedResources);
                return;
            }

            var isSecret = response.TypeUrl == TypeUrls.Secret;
            var misfits = isSecret ? [] : PatchedResponse.Complete(response, models.Resources);
            var reason = isSecret ? secrets.Apply(response)
                : misfits.IsEmpty ? models.Apply(response)
                : models.Refuse(
                    response, $"what is held is not what was patched: {string.Join(", ", misfits.Take(MaxReasons))}");
            var answer = isSecret ? Secrets() : new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl };
            answer.ResourceNamesSubscribe.AddRange(misfits); // which is always answered in full
            answer.ResponseNonce = response.Nonce;
            if (isSecret && reason is null) models.Confirm();
            if (reason is not null) answer.ErrorDetail = new() { Code = InvalidArgument, Message = reason };
            Send(answer);
            Subscribe(TypeUrls.ClusterLoadAssignment, ref _assignments, Names(models.Resources.AssignmentNames));
            Subscribe(TypeUrls.RouteConfiguration, ref _routes, Names(models.Resources.RouteNames));
        }
    }

    /// <summary>Tells how the workload is.</summary>
    public void Report(HealthReport report)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.HealthInformation };
        if (report.Problem is { } problem) request.ErrorDetail = new() { Code = InvalidArgument, Message = problem };
        Send(request);
    }

    /// <summary>Tells who calls the workload without mesh mTLS.</summary>
    public void Report(PlaintextReport report)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.PlaintextCallers };
        foreach (var (name, version) in report.Write()) request.InitialResourceVersions.Add(name, version);
        Send(request);
    }

    /// <summary>
    /// Has the staged request announced soon. Called under the identity's lock, so it must not take this
    /// one's.
    /// </summary>
    public void AnnounceRequest() => _outgoing.Writer.TryWrite(null);

    /// <summary>
    /// The announcement of the staged request, where it has changed without a response; otherwise
    /// null.
    /// </summary>
    public DeltaDiscoveryRequest? Announcement()
    {
        lock (_gate)
        {
            return _announced is not null && _announced != identity.Current.Staged ? Secrets() : null;
        }
    }

    /// <summary>Asks for hosts that the application calls. Called under the demands' lock.</summary>
    void IDemandLine.Ask(IReadOnlyCollection<string> names) => Ask(TypeUrls.HostDemand, names, []);

    /// <summary>The control plane has answered: from now on it can be asked for hosts.</summary>
    public void Connected() => demands.Attach(this);

    /// <summary>No request follows.</summary>
    public void Close()
    {
        demands.Detach(this);
        _outgoing.Writer.TryComplete();
    }

    // Before anything else: otherwise all that is held would be taken away before it is told again.
    private bool AskForHosts()
    {
        var (called, model) = (demands.Opening(), models.Model);
        string[] held = [.. (model is null ? [] : HostReadiness.HeldBy(model)).Take(MaxHeldHosts)];
        if (called.Length == 0 && held.Length == 0) return false;
        Ask(TypeUrls.HostDemand, called, held.Select(name => (name, "")), nodes.Create());
        return true;
    }

    private DeltaDiscoveryRequest Secrets()
    {
        _announced = identity.Current.Staged;
        return new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Secret, Node = nodes.Create(_announced.Request) };
    }

    private void Ask(
        string typeUrl,
        IEnumerable<string> names,
        IEnumerable<(string Name, string Version)> held,
        MeshOrleans.Xds.Protocol.Core.Node? node = null)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = typeUrl, Node = node };
        request.ResourceNamesSubscribe.AddRange(names);
        foreach (var (name, version) in held) request.InitialResourceVersions.Add(name, version);
        Send(request);
    }

    private void Subscribe(string typeUrl, ref ImmutableSortedSet<string> current, ImmutableSortedSet<string> wanted)
    {
        var (added, removed) = (wanted.Except(current), current.Except(wanted));
        current = wanted;
        if (added.Count == 0 && removed.Count == 0) return;
        var request = new DeltaDiscoveryRequest { TypeUrl = typeUrl };
        request.ResourceNamesSubscribe.AddRange(added);
        request.ResourceNamesUnsubscribe.AddRange(removed);
        Send(request);
    }

    private static ImmutableSortedSet<string> Names(IEnumerable<string> names) =>
        names.ToImmutableSortedSet(StringComparer.Ordinal);

    private void Send(DeltaDiscoveryRequest request) => _outgoing.Writer.TryWrite(request);
}
