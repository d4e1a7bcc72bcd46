using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Callers;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;
using MeshOrleans.Xds.Translation.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// One client's stream: a single loop that reads requests before it pushes, has at most one unanswered push per type,
/// and merges what comes meanwhile. Nothing slow is awaited in it but the client itself.
/// </summary>
internal sealed partial class StreamSession(
    ProxyNode node, DiscoveryWire wire, StreamParts parts, StreamFellows fellows, ILogger<StreamSession> logger)
    : IFeedFollower
{
    private readonly SubscriptionTable _table = new();
    private readonly Dictionary<string, SentResponse> _sent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tooLarge = new(StringComparer.Ordinal); // told once a stream and type
    private readonly Channel<StreamRequest> _requests =
        Channel.CreateBounded<StreamRequest>(
            new BoundedChannelOptions(16) { SingleReader = true, SingleWriter = true });

    private readonly RequestRules _rules = new(parts.Options, parts.Clock);
    private readonly EndpointBarrier _barrier = new(
        parts.Options.EndpointWait, parts.Clock, takesEndpoints: fellows.Demands is not null);
    private readonly Signal _wake = new();
    private volatile ScopeFeed? _feed;
    private ScopeState _state = null!; // not kept while it waits: it would keep the mesh as that was

    private ScopeTranslation Translation => _state.Translation!;

    private ResourceSet Resources => Translation.Resources;

    /// <summary>What it is told of now.</summary>
    public ProxyScope Scope => _feed?.Scope ?? node.Scope;

    /// <summary>Something that the stream may have to push has changed. Any thread may say so.</summary>
    public void Wake() => _wake.Set();

    /// <summary>What the stream stands at is raised without a turn of its loop, unless something is under way.</summary>
    public void Raise(long from, ScopeState state)
    {
        if (!fellows.Report.Raise(from, state)) _wake.Set();
    }

    /// <summary>How streams end when the host stops: the client is to go elsewhere.</summary>
    public static GrpcException ShuttingDown() => new(GrpcStatusCode.Unavailable, "The server is shutting down.");

    /// <summary>Serves the stream until the client finishes.</summary>
    /// <param name="first">The request that introduced the client.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="GrpcException">The stream ends with this status.</exception>
    public async Task RunAsync(StreamRequest first, CancellationToken cancellationToken)
    {
        _rules.Check(first);
        try
        {
            var scope = await FirstScopeAsync(first, cancellationToken);
            using (await parts.Admission.WaitForTurnAsync(parts.Drain.Started, cancellationToken))
            {
                _feed = await parts.Scopes.JoinAsync(scope, this, cancellationToken);
                if (scope.Used is not null) fellows.Report.Update(scope);
                Refresh();
                Handle(first);
                await PushAsync();
            }

            await FollowAsync(cancellationToken);
        }
        finally
        {
            if (_feed is { } feed) parts.Scopes.Leave(feed, this);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(ended.Token);
        try
        {
            while (await StepAsync(cancellationToken))
            {
            }
        }
        finally
        {
            await ended.CancelAsync();
            await reading;
        }
    }

    /// <summary>One turn of the loop; false when the client has finished.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        Refresh();
        if (_requests.Reader.TryRead(out var request))
        {
            _rules.Check(request);
            Handle(request);
            return true;
        }

        if (parts.Drain.Started.IsCancellationRequested) fellows.Age.Stop(parts.Drain.Spread, parts.Drain.Limit);
        if (fellows.Age.IsOver(_table.HasOutstanding))
        {
            if (fellows.Age.IsStopping) throw ShuttingDown();
            LogOfAge(node.Id);
            throw new GrpcException(
                GrpcStatusCode.Unavailable, "The stream has reached its age limit; connect again.");
        }

        await RescopeAsync(cancellationToken);
        if (await AnswerDemandAsync() || await PushAsync()) return true;
        CheckRevoked(); // after it has been told what is revoked, so that it knows why
        if (_requests.Reader.Completion.IsCompleted)
        {
            await _requests.Reader.Completion; // throws what the reading threw
            return false;
        }

        if (!fellows.Report.Update(Reports(), _state.Picture.Ordinal)) _wake.Set();
        fellows.Report.Update(fellows.Secrets.TrustSequence(_table.Find(TypeUrls.Secret), _state.Picture.Snapshot));
        var wait = WaitsFor();
        _state = null!;
        if (await _wake.WaitAsync(wait, parts.Clock, cancellationToken)) return true;
        Refresh();
        CheckStall();
        return true;
    }

    private void CheckRevoked()
    {
        var (_, serial, issuer) = fellows.Client;
        if (issuer.Length == 0) return;
        var bundle = _state.Picture.Snapshot.LocalBundle;
        if (RevokedCertificates.Of(bundle).Find(issuer, serial) is not { } revoked) return;
        LogRevoked(node.Id, revoked);
        throw new GrpcException(GrpcStatusCode.Unauthenticated, revoked.ToString());
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        Exception? end = null;
        try
        {
            while (await wire.ReadAsync(cancellationToken) is { } request)
            {
                await _requests.Writer.WriteAsync(request, cancellationToken);
                _wake.SetInline(); // the loop goes on here: a change of threads costs more than its turn
            }
        }
        catch (Exception exception)
        {
            end = exception;
        }

        _requests.Writer.TryComplete(end);
        _wake.Set();
    }

    /// <summary>Takes over what its scope is to be brought to now.</summary>
    private void Refresh()
    {
        _state = _feed!.Current!;
        if (_state.Translation is not null) return;
        throw new GrpcException(GrpcStatusCode.Unavailable, "The configuration of this proxy cannot be made.");
    }

    // Who names hosts before anything else is sent no others first.
    private async ValueTask<ProxyScope> FirstScopeAsync(StreamRequest first, CancellationToken cancellationToken)
    {
        if (fellows.Demands is not { } demands || parts.Source.Current is not { } picture) return node.Scope;
        var scope = await demands.ScopeAsync(picture.Index, cancellationToken);
        if (first.TypeUrl != TypeUrls.HostDemand) return scope;
        demands.Ask(first, picture.Index);
        return await demands.ScopeAsync(picture.Index, cancellationToken);
    }

    /// <summary>Follows another scope once the workload has called more, or the mesh scopes otherwise.</summary>
    private async ValueTask RescopeAsync(CancellationToken cancellationToken)
    {
        if (fellows.Demands is not { } demands) return;
        var (before, scope) = (_feed!, await demands.ScopeAsync(_state.Picture.Index, cancellationToken));
        if (ReferenceEquals(before.Scope, scope) || before.Scope == scope) return;
        _feed = await parts.Scopes.JoinAsync(scope, this, cancellationToken);
        parts.Scopes.Leave(before, this);
        fellows.Report.Update(scope);
        Refresh();
    }

    /// <summary>Answers what the workload has asked for, once the client has all of it; false when nothing is due.</summary>
    private async ValueTask<bool> AnswerDemandAsync()
    {
        if (fellows.Demands is not { } demands) return false;
        var isBrought = demands.IsWaiting && StreamProgress.IsBrought(_table, Resources, GroupFor);
        if (demands.Answer(isBrought) is not { } response) return false;
        await wire.SendAsync(wire.Encode(response, wire.NextNonce()));
        return true;
    }

    private void Handle(StreamRequest request)
    {
        if (request.TypeUrl == TypeUrls.HostDemand && fellows.Demands is { } demands)
        {
            demands.Ask(request, _state.Picture.Index);
            return;
        }

        if (request.TypeUrl == TypeUrls.HealthInformation)
        {
            fellows.Workload?.Report(request.Error);
            return;
        }

        if (request.TypeUrl == TypeUrls.PlaintextCallers)
        {
            if (PlaintextReport.Read(request.Held) is { } report)
            {
                parts.Callers.Note(node, fellows.Report.OpenedAt, report);
            }

            return;
        }

        if (!SubscriptionTable.PushOrder.Contains(request.TypeUrl))
        {
            if (_unknown.Count < 16 && _unknown.Add(request.TypeUrl))
            {
                LogUnknownType(node.Id, Printable(request.TypeUrl));
            }

            return;
        }

        if (request.TypeUrl == TypeUrls.Secret) fellows.Secrets.Offer(request.Node);
        var before = _table.Find(request.TypeUrl);
        var (kind, next) = RequestClassifier.Classify(before, request, wire.Protocol);
        if (next?.Names.Count > parts.Options.MaxResourceNames)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted,
                $"A stream may subscribe to at most {parts.Options.MaxResourceNames} names of a type.");
        }

        _table.Set(request.TypeUrl, next);
        if (before is { IsOutstanding: true } && next is not { IsOutstanding: true }) Answered(kind, request.TypeUrl);
        Count(kind, request, before);
        if (request.TypeUrl == TypeUrls.Secret && next?.Wants(SecretTranslator.CertificateName) == true)
        {
            fellows.Secrets.Demand();
        }
    }

    private void Count(RequestKind kind, StreamRequest request, Subscription? before)
    {
        switch (kind)
        {
            case RequestKind.Nack:
                parts.Metrics.Rejected(request.TypeUrl);
                parts.Nacks.Add(
                    node.Id,
                    new Nack(
                        wire.Protocol,
                        request.TypeUrl,
                        NameOf(before?.BroughtBy(request.Nonce) ?? []),
                        Printable(request.Error ?? "")));
                break;
            case RequestKind.Stale:
                parts.Metrics.ExpiredNonce(request.TypeUrl);
                break;
        }
    }

    /// <summary>
    /// The client has answered the last response of a type. What it had asked for says nothing about pushing.
    /// </summary>
    private void Answered(RequestKind kind, string typeUrl)
    {
        if (typeUrl == TypeUrls.Cluster) _barrier.ClustersAnswered();
        if (_sent.Remove(typeUrl, out var sent) && kind is not RequestKind.Nack && sent.ChangedAt is { } changedAt)
        {
            parts.Metrics.Converged(parts.Clock.GetElapsedTime(changedAt));
        }
    }

    /// <summary>
    /// Sends the first thing that is due, in push order; false when there is nothing that may go out now.
    /// </summary>
    private async Task<bool> PushAsync()
    {
        var waits = false;
        var isHeldBack = _barrier.IsClosed(
            _table.Find(TypeUrls.Cluster), _table.Find(TypeUrls.ClusterLoadAssignment));
        foreach (var typeUrl in SubscriptionTable.PushOrder)
        {
            if (_table.Find(typeUrl) is not { } subscription) continue;

            // Later types may point to what earlier ones still lack. Answers to requests do not wait.
            if (waits || (isHeldBack && MakeBeforeBreak.PointsToClusters(typeUrl)))
            {
                if (!subscription.IsAsked) continue;
                await SendAsync(subscription, MakeBeforeBreak.Answer(subscription, GroupFor(subscription)));
                return true;
            }

            var group = GroupFor(subscription);
            if (ResponsePlanner.IsReady(subscription, group))
            {
                await SendAsync(subscription, group);
                return true;
            }

            waits = ResponsePlanner.IsBehind(subscription, group);
        }

        return false;
    }

    private async Task SendAsync(Subscription subscription, ResourceGroup group)
    {
        var (response, next) = ResponsePlanner.Plan(
            subscription, group, parts.Options.MaxResponseSize, node.TakesPatches);
        if (response is null)
        {
            _table.Set(subscription.TypeUrl, next);
            return;
        }

        next = next with { Nonce = wire.NextNonce() };
        _table.Set(subscription.TypeUrl, next);
        _sent[subscription.TypeUrl] = new SentResponse(
            parts.Clock.GetTimestamp(),
            IsNews(subscription) ? _state.Picture.ChangedAt : null);
        if (subscription.TypeUrl == TypeUrls.Cluster) BeforeClusters(subscription, group, response);
        var message = wire.Encode(response, next.Nonce);
        CheckSize(subscription.TypeUrl, message.Length);
        parts.Metrics.Pushed(subscription.TypeUrl);
        await wire.SendAsync(message);
    }

    /// <summary>
    /// What gRPC programs would refuse to read is not sent: their channel would end in the middle of it, again and again,
    /// and nobody would say why. Other clients may take it.
    /// </summary>
    private void CheckSize(string typeUrl, long size)
    {
        if (size <= parts.Options.GrpcMessageLimit) return;
        if (_tooLarge.Add(typeUrl)) LogTooLarge(node.Id, typeUrl, size, parts.Options.GrpcMessageLimit);
        if (node.Scope.Mode is not ProxyMode.Proxyless) return;
        throw new GrpcException(
            GrpcStatusCode.ResourceExhausted,
            $"The response of {typeUrl} has {size} bytes, and gRPC clients take {parts.Options.GrpcMessageLimit}: narrow "
            + "what this program sees by a Sidecar resource or by exportTo, or ask for fewer names.");
    }

    /// <summary>What follows from sending clusters: endpoints that become due, and what waits for those.</summary>
    private void BeforeClusters(Subscription subscription, ResourceGroup group, Response response)
    {
        var sent = response.Resources.Select(r => r.Name);
        if (subscription.Told is not { } told)
        {
            // Who says what it holds is sent a cluster only when that is no longer so; others ask for all endpoints.
            if (!subscription.Held.IsEmpty) _table.ForceHeldEndpoints(sent);
            return;
        }

        var changed = GroupDifference.Between(told, group).Changed;
        _table.ForceEndpoints(subscription.IsDelta ? sent : changed);
        _barrier.Await(changed.Where(name => told.Find(name) is null && Resources.Endpoints.Find(name) is not null));
    }

    /// <summary>Whether what is sent next is a change of the mesh, and no answer or part of one.</summary>
    private static bool IsNews(Subscription subscription) =>
        subscription is { IsAsked: false, Rest.IsEmpty: true, Suspects.IsEmpty: true }
        && subscription.TypeUrl != TypeUrls.Secret;

    /// <summary>What a type is to be brought to; clusters and endpoints keep what routes may still point to.</summary>
    private ResourceGroup GroupFor(Subscription subscription)
    {
        if (subscription.TypeUrl == TypeUrls.Secret) return fellows.Secrets.Group(_state.Picture.Snapshot);
        if (subscription.TypeUrl == TypeUrls.NameTable) return Translation.Names;
        var group = Resources.Group(subscription.TypeUrl)!;
        return subscription.TypeUrl is TypeUrls.Cluster or TypeUrls.ClusterLoadAssignment
            ? MakeBeforeBreak.Hold(subscription, group, RoutesAreSettled())
            : group;
    }

    private bool RoutesAreSettled() =>
        MakeBeforeBreak.IsSettled(_table.Find(TypeUrls.Listener), Resources.Listeners)
        && MakeBeforeBreak.IsSettled(_table.Find(TypeUrls.RouteConfiguration), Resources.Routes);

    /// <summary>How long nothing but news can give the loop work.</summary>
    private TimeSpan WaitsFor()
    {
        var wait = Sooner(StallsIn(), _barrier.Left);
        return Sooner(wait, fellows.Age.Left(_table.HasOutstanding));
    }

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) =>
        other == Timeout.InfiniteTimeSpan || (one != Timeout.InfiniteTimeSpan && one < other) ? one : other;

    /// <summary>How long the client may go on leaving a push unanswered that others wait for.</summary>
    private TimeSpan StallsIn()
    {
        var wait = Timeout.InfiniteTimeSpan;
        foreach (var typeUrl in SubscriptionTable.PushOrder)
        {
            if (!IsBlocked(typeUrl)) continue;
            var left = parts.Options.StallTimeout - parts.Clock.GetElapsedTime(_sent[typeUrl].At);
            if (wait == Timeout.InfiniteTimeSpan || left < wait) wait = left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }

        return wait;
    }

    private void CheckStall()
    {
        foreach (var typeUrl in SubscriptionTable.PushOrder)
        {
            if (!IsBlocked(typeUrl) || parts.Clock.GetElapsedTime(_sent[typeUrl].At) < parts.Options.StallTimeout)
            {
                continue;
            }

            LogStalled(node.Id, typeUrl, parts.Options.StallTimeout);
            throw new GrpcException(
                GrpcStatusCode.Unavailable, $"A response of {typeUrl} was not acknowledged in time.");
        }
    }

    private bool IsBlocked(string typeUrl) =>
        _table.Find(typeUrl) is { IsOutstanding: true } subscription
        && _sent.ContainsKey(typeUrl)
        && ResponsePlanner.IsBehind(subscription, GroupFor(subscription));

    private ImmutableArray<StreamReport> Reports()
    {
        var reports = ImmutableArray.CreateBuilder<StreamReport>(SubscriptionTable.PushOrder.Length);
        foreach (var subscription in _table.InPushOrder)
        {
            if (subscription is null) continue;
            var isCurrent = subscription.Told?.VersionInfo == GroupFor(subscription).VersionInfo;
            reports.Add(StreamReport.Of(subscription, isCurrent ? _state.Revision : null));
        }

        return reports.DrainToImmutable();
    }

    private static string NameOf(ImmutableArray<EncodedResource> refused) => refused switch
    {
        [] => "what was removed",
        [var one] => one.Name,
        [var first, ..] => $"{first.Name} or {refused.Length - 1} others",
    };

    private static string Printable(string text) =>
        string.Concat(text.Take(512).Select(c => char.IsControl(c) ? ' ' : c));

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The {TypeUrl} of {Node} is {Size} bytes: many clients refuse more than {Limit}. Limit what it "
            + "sees (exportTo, Sidecar), or use the delta method.")]
    private partial void LogTooLarge(string node, string typeUrl, long size, int limit);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} asks for {TypeUrl}, which is not served here.")]
    private partial void LogUnknownType(string node, string typeUrl);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Node} has not answered its {TypeUrl} for {Time}; its stream is closed.")]
    private partial void LogStalled(string node, string typeUrl, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The stream of {Node} is ended: {Revoked}")]
    private partial void LogRevoked(string node, RevokedCertificate revoked);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "The stream of {Node} has reached its age limit; it connects anew.")]
    private partial void LogOfAge(string node);

    /// <summary>A response that is on its way.</summary>
    /// <param name="At">When it was sent.</param>
    /// <param name="ChangedAt">When the change that it brings came about; null when it answers a request.</param>
    private sealed record SentResponse(long At, long? ChangedAt);
}
