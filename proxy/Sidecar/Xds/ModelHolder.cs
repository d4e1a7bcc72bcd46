using System.Collections.Frozen;
using System.Collections.Immutable;
using MeshOrleans.Proxy.Configuration;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>
/// The accepted resources and the model made of them. A response changes both or neither; before the first complete
/// set there is no model, so nothing listens.
/// </summary>
internal sealed partial class ModelHolder : IDisposable
{
    /// <summary>How long a first model waits for what is missing.</summary>
    private static readonly TimeSpan WarmingTimeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a cluster that is removed as a stream begins is kept for routes that name it and may be told anew by
    /// that stream.
    /// </summary>
    private static readonly TimeSpan RemovalGrace = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly ProxyModel _seed;
    private readonly TimeProvider _clock;
    private readonly ILogger<ModelHolder> _logger;
    private readonly ITimer _timer;
    private readonly Dictionary<string, DateTimeOffset> _removed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _answered = new(StringComparer.Ordinal); // types, by the stream that is open
    private DateTimeOffset? _firstResponse;
    private long _count;

    /// <param name="seed">What the model has that no resource says.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    public ModelHolder(ProxyModel seed, TimeProvider clock, ILogger<ModelHolder> logger)
    {
        (_seed, _clock, _logger) = (seed, clock, logger);
        _timer = clock.CreateTimer(_ => Recompose(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised with every new model, in order, before its response is acknowledged.</summary>
    public event Action<ProxyModel>? Changed;

    public ProxyModel? Model { get; private set; }

    public ResourceSet Resources { get; private set; } = ResourceSet.Empty;

    public ConfigStatus Status { get; private set; } = ConfigStatus.Nothing;

    /// <summary>Serves what was accepted before the restart until the control plane says otherwise.</summary>
    public void Restore(LastGood.LastGood saved)
    {
        lock (_gate)
        {
            Status = Status with { Source = ConfigSource.LastGood, ConfirmedAt = saved.SavedAt };
            if (TryTake(saved.Resources) is not { } reason)
            {
                LogRestored(_clock.GetUtcNow() - saved.SavedAt, Resources.Listeners.Count, Resources.Clusters.Count);
                return;
            }

            Status = ConfigStatus.Nothing;
            LogNotRestored(reason);
        }
    }

    /// <summary>Takes over a response, or says why not.</summary>
    /// <returns>Null for an ACK; otherwise the reason of the NACK.</returns>
    public string? Apply(DeltaDiscoveryResponse response)
    {
        lock (_gate)
        {
            return TryApply(response) is { } reason ? Refuse(response, reason) : null;
        }
    }

    /// <summary>A response cannot be taken over; what is in use stays.</summary>
    /// <returns>The reason of the NACK.</returns>
    public string Refuse(DeltaDiscoveryResponse response, string reason)
    {
        lock (_gate)
        {
            Mark(response, reason);
            LogRefused(response.TypeUrl, response.SystemVersionInfo, reason);
            return reason;
        }
    }

    /// <summary>Takes over what DNS has answered.</summary>
    public void SetAddresses(ImmutableSortedDictionary<string, ImmutableArray<string>> addresses)
    {
        lock (_gate)
        {
            var isSame = addresses.Count == Resources.Addresses.Count
                && addresses.All(
                    a => Resources.Addresses.TryGetValue(a.Key, out var known) && known.SequenceEqual(a.Value));
            if (isSame) return;
            var next = Resources with { Addresses = addresses };
            Take(next, Compose(next));
        }
    }

    /// <summary>The control plane has answered without changing anything: it stands behind what is in use.</summary>
    public void Confirm()
    {
        lock (_gate)
        {
            if (Model is not null)
            {
                Status = Status with { Source = ConfigSource.ControlPlane, ConfirmedAt = _clock.GetUtcNow() };
            }
        }
    }

    public void Connected(string gateway)
    {
        lock (_gate) Status = Status with { Gateway = gateway };
    }

    public void Disconnected()
    {
        lock (_gate)
        {
            if (Status.Age(_clock.GetUtcNow()) == TimeSpan.Zero)
            {
                Status = Status with { ConfirmedAt = _clock.GetUtcNow() };
            }

            Status = Status with { Gateway = null };
            _answered.Clear();
        }
    }

    public void Dispose() => _timer.Dispose();

    private string? TryApply(DeltaDiscoveryResponse response)
    {
        var outcome = ResourceReader.Apply(Resources, response);
        if (outcome is ReadOutcome.Refused refused) return refused.Reason;
        var next = ((ReadOutcome.Read)outcome).Resources;
        var before = Resources;
        if (TryTake(next, response) is { } reason) return reason;
        WarnOfEmptiness(response.TypeUrl, before, next);
        return null;
    }

    private Composition Compose(ResourceSet next) =>
        ModelComposer.Compose(next, Model ?? _seed, Model is null ? ResourceSet.Empty : Resources);

    /// <summary>Brings resources into use that may contradict each other.</summary>
    /// <returns>Null when they are in use; otherwise why they are not.</returns>
    private string? TryTake(ResourceSet next, DeltaDiscoveryResponse? response = null)
    {
        try
        {
            return Take(next, Compose(next), response);
        }
        catch (UnusableResourceException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>
    /// Brings resources into use. What a part of the data plane cannot carry out must neither end the process nor be
    /// what a restart begins with: everything goes back to what was in use.
    /// </summary>
    /// <returns>Null when they are in use; otherwise why they are not.</returns>
    private string? Take(ResourceSet next, Composition composition, DeltaDiscoveryResponse? response = null)
    {
        var (resources, model, status) = (Resources, Model, Status);
        try
        {
            Resources = next;
            if (response is not null) Mark(response, refusal: null);
            Publish(composition);
            return null;
        }
        catch (Exception exception)
        {
            (Resources, Model, Status) = (resources, model, status);
            LogNotCarriedOut(exception);
            if (model is not null) Changed?.Invoke(model);
            return $"it cannot be carried out: {exception.Message}";
        }
    }

    private void Mark(DeltaDiscoveryResponse response, string? refusal)
    {
        var now = _clock.GetUtcNow();
        _firstResponse ??= now;
        _answered.Add(response.TypeUrl);
        var former = Status.Types.GetValueOrDefault(response.TypeUrl) ?? new TypeStatus("", null, null, 0);
        var status = refusal is null
            ? former with { Version = response.SystemVersionInfo, AcceptedAt = now, Refusal = null }
            : former with { Refusal = refusal, Refusals = former.Refusals + 1 };
        Status = Status with { ConfirmedAt = now, Types = Status.Types.SetItem(response.TypeUrl, status) };
    }

    private void Recompose()
    {
        lock (_gate)
        {
            if (Resources != ResourceSet.Empty) Take(Resources, Compose(Resources));
        }
    }

    private void Publish(Composition composition)
    {
        Status = Status with { Warming = composition.Warming };
        if (Model is null && Status.Source is not ConfigSource.LastGood && !IsComplete(composition)) return;
        if (_firstResponse is not null) Status = Status with { Source = ConfigSource.ControlPlane };

        var model = Retain(composition) with { Version = $"{++_count}" };
        Model = model;
        Changed?.Invoke(model);
        LogModel(_count, model.Outbound.Count, model.Inbound.Count, model.Clusters.Count);
    }

    // A first model must not be half of one: callers would get 404 for what comes with the next response.
    private bool IsComplete(Composition composition)
    {
        var hasBoth = HasAnswered(TypeUrls.Cluster) && HasAnswered(TypeUrls.Listener);
        if (!hasBoth) return false;
        var waited = _clock.GetUtcNow() - (_firstResponse ?? _clock.GetUtcNow());
        if (composition.Warming.IsEmpty || waited >= WarmingTimeout) return true;
        _timer.Change(WarmingTimeout - waited, Timeout.InfiniteTimeSpan);
        return false;
    }

    private bool HasAnswered(string typeUrl) => Status.Types.GetValueOrDefault(typeUrl)?.AcceptedAt is not null;

    // A stream removes a cluster when nothing that it has told points there any more, or nothing is to: then routes
    // that do are answered as they are (503, cluster_not_found). One that has just begun may still hold routes that the
    // control plane has replaced long since; until they come the traffic of those goes on.
    private ProxyModel Retain(Composition composition)
    {
        foreach (var name in _removed.Keys.Except(composition.Dangling).ToArray()) _removed.Remove(name);
        if (Model is null || composition.Dangling.IsEmpty) return composition.Model;

        var now = _clock.GetUtcNow();
        var kept = new List<ClusterModel>();
        foreach (var name in composition.Dangling)
        {
            if (!Model.Clusters.TryGetValue(name, out var cluster)) continue;
            if (RoutesAreTold() && !_removed.ContainsKey(name)) continue;
            _removed.TryAdd(name, now);
            if (now - _removed[name] < RemovalGrace) kept.Add(cluster);
        }

        if (kept.Count == 0) return composition.Model;
        _timer.Change(RemovalGrace, Timeout.InfiniteTimeSpan);
        var clusters = composition.Model.Clusters.Values.Concat(kept);
        return composition.Model with { Clusters = clusters.ToFrozenDictionary(c => c.Name, StringComparer.Ordinal) };
    }

    private bool RoutesAreTold() =>
        _answered.Contains(TypeUrls.Listener)
        && (!Resources.RouteNames.Any() || _answered.Contains(TypeUrls.RouteConfiguration));

    private void WarnOfEmptiness(string typeUrl, ResourceSet before, ResourceSet after)
    {
        if (before.Clusters.Count > 0 && after.Clusters.IsEmpty) LogEmptied("cluster", typeUrl);
        if (before.Listeners.Count > 0 && after.Listeners.IsEmpty) LogEmptied("listener", typeUrl);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message =
            "Serving the last good configuration from disk, {Age} old: {Listeners} listeners, {Clusters} clusters.")]
    private partial void LogRestored(TimeSpan age, int listeners, int clusters);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "A configuration cannot be carried out; what was in use before stays. This is a fault of the sidecar.")]
    private partial void LogNotCarriedOut(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The saved configuration is not used: {Reason}.")]
    private partial void LogNotRestored(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Response {Version} of {TypeUrl} refused, the former one stays in use: {Reason}.")]
    private partial void LogRefused(string typeUrl, string version, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The control plane removed the last {Kind} ({TypeUrl}); obeyed.")]
    private partial void LogEmptied(string kind, string typeUrl);

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Model {Number} in use: {Outbound} outbound and {Inbound} inbound ports, {Clusters} clusters.")]
    private partial void LogModel(long number, int outbound, int inbound, int clusters);
}
