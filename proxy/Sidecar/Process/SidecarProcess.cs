using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Sidecar.Admin;
using MeshOrleans.Proxy.Sidecar.Callers;
using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Proxy.Sidecar.Edge;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.LastGood;
using MeshOrleans.Proxy.Sidecar.Logs;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Proxy.Sidecar.State;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Xds.Protocol.Callers;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Process;

/// <summary>
/// Puts one sidecar together, runs it until it is asked to stop, and takes it down without losing a
/// request.
/// </summary>
internal sealed partial class SidecarProcess : IAsyncDisposable
{
    /// <summary>How long peers have to hear that this endpoint leaves, before its sockets close.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly SidecarSettings _settings;
    private readonly Surroundings _surroundings;
    private readonly LogThreshold _threshold;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<SidecarProcess> _logger;
    private readonly Announcer _announcer;
    private readonly StateFolder _folder;
    private readonly ProxyState _state;
    private readonly IdentityHolder _identity;
    private readonly ModelHolder _models;
    private readonly DemandBook _demands;
    private readonly LastGoodFile _lastGood;
    private readonly WorkloadHealth _health = new();
    private readonly EdgeReport? _edge;
    private readonly PlaintextCallers? _callers;
    private readonly Readiness _readiness;
    private readonly Lifetime _lifetime;

    /// <exception cref="SettingsException">The state directory cannot be used.</exception>
    public SidecarProcess(
        SidecarSettings settings,
        Surroundings surroundings,
        LogThreshold threshold,
        ILoggerFactory loggers,
        TextWriter output)
    {
        (_settings, _surroundings, _threshold, _loggers) = (settings, surroundings, threshold, loggers);
        _logger = loggers.CreateLogger<SidecarProcess>();
        _announcer = new Announcer(settings, output);
        _folder = new StateFolder(settings.StateDirectory);
        var clock = surroundings.Clock;
        _state = new ProxyState(clock);
        _identity = new IdentityHolder(
            settings, new IdentityStore(
                _folder, loggers.CreateLogger<IdentityStore>()), clock, loggers.CreateLogger<IdentityHolder>());
        var seed = ProxyModel.Empty with
        {
            TraceSampling = Fraction.FromPercent(settings.TracingSamplePercent),
            AppAddress = settings.AppAddress,
            WorkloadAddress = System.Net.IPAddress.Parse(settings.Address),
        };
        _models = new ModelHolder(seed, clock, loggers.CreateLogger<ModelHolder>());
        var hosts = new HostReadiness(_models, () => _state.Model);
        _demands = new DemandBook(hosts.IsReady, hosts.WaitsForNames, clock);
        _lastGood = new LastGoodFile(_folder, loggers.CreateLogger<LastGoodFile>());
        _edge = settings.Role is ProxyRole.Gateway
            ? new EdgeReport(new CredentialStore(
                new CredentialFiles(new CredentialFolder(settings.CredentialsDirectory)),
                clock,
                loggers.CreateLogger<CredentialStore>()))
            : null;
        _callers = settings.Role is ProxyRole.Gateway ? null : new PlaintextCallers(clock, PlaintextReport.MaxCallers);
        _readiness = new Readiness(_models, _identity, _health, _edge, clock);
        _lifetime = new Lifetime(_health);
    }

    /// <summary>Runs until it is asked to stop.</summary>
    /// <exception cref="IOException">A port is taken.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Restore();
        await using var dataplane = await DataplaneServer.StartAsync(
            DataplaneOptionsOf(),
            _state,
            _loggers,
            _surroundings.Clock,
            _surroundings.Random,
            cancellationToken);
        await using var admin = await AdminServer.StartAsync(
            _settings, Handler(dataplane), _loggers, cancellationToken);
        dataplane.Reserve(admin.AdminPort, admin.StatusPort, admin.MetricsPort);
        _announcer.Listening(new BoundPorts(
            dataplane.OutboundPort, dataplane.InboundPorts, admin.AdminPort, admin.StatusPort, admin.MetricsPort));

        if (dataplane.Edge is { } listeners)
        {
            _edge!.Attach(listeners);
            listeners.Changed += AnnounceIfReady;
        }

        _identity.Changed += _ => AnnounceIfReady(); // from here on: "ready" never comes before "listening"
        _models.Changed += _ => AnnounceIfReady();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loops = StartLoops(dataplane, stopping.Token);
        _lifetime.ListenToSignals();
        using (cancellationToken.Register(_lifetime.RequestStop))
        {
            AnnounceIfReady();
            await Task.WhenAny(_lifetime.Stopping, FirstFailureAsync(loops));
        }

        await DrainAsync(dataplane);
        await stopping.CancelAsync();
        await EndAsync(loops);
        _announcer.Stopped();
        LogStopped();
    }

    public ValueTask DisposeAsync()
    {
        _lifetime.Dispose();
        _demands.Dispose();
        _models.Dispose();
        _state.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    // A Sidecar resource may have the application listen elsewhere.
    private (string Address, int Port) PlaceOf(int port) =>
        _state.Model.Clusters.GetValueOrDefault(InboundCluster.Of(port)) is { Endpoints: [var endpoint, ..] }
            ? (endpoint.Address, endpoint.Port)
            : (_settings.AppAddress, port);

    // The order matters: what is restored is in force before a socket opens, and changes reach the data plane before
    // anyone else.
    private void Restore()
    {
        _identity.Changed += identity =>
        {
            if (identity.Tls is { } tls) _state.SetIdentity(tls);
        };
        if (_edge is not null) _models.Changed += _edge.Credentials.Want; // before a listener opens that asks for them
        _models.Changed += _state.Apply;
        _models.Changed += _ => _demands.ModelChanged();
        _identity.Restore();
        if (_lastGood.Load() is { } saved) _models.Restore(saved);
    }

    private AdminHandler Handler(DataplaneServer dataplane)
    {
        var subjects = new AdminSubjects(
            _models, _identity, _state, dataplane, _edge, _readiness, _demands, _surroundings.Clock);
        return new AdminHandler(
            new AdminViews(subjects), _readiness, _threshold, _lifetime, AdminToken.Open(_folder));
    }

    private Task[] StartLoops(DataplaneServer dataplane, CancellationToken cancellationToken)
    {
        var clock = _surroundings.Clock;
        var joiner = new Joiner(
            _settings, _identity, new TrustBundleClient(clock), new CertificateClient(_settings, clock), clock);
        var identity = new IdentityLoop(
            _settings, _identity, joiner, _surroundings, _loggers.CreateLogger<IdentityLoop>());
        var secrets = new SecretKeeper(_identity, _loggers.CreateLogger<SecretKeeper>());
        var callers = _callers is null ? null : new CallerReporter(_callers, clock);
        var parts = new AdsParts(
            _models, _identity, secrets, new NodeFactory(_settings, dataplane.InboundPorts), _health, _demands, callers);
        var ads = new AdsLoop(_settings, parts, _surroundings, _loggers.CreateLogger<AdsLoop>());
        var probe = new AppProbe(_settings, PlaceOf, _health, clock, _loggers.CreateLogger<AppProbe>());
        var names = new NameLoop(_models, Dns.GetHostAddressesAsync, clock, _loggers.CreateLogger<NameLoop>());
        var writer = new LastGoodWriter(_lastGood, _models, clock);
        Task[] loops =
        [
            writer.RunAsync(cancellationToken),
            identity.RunAsync(cancellationToken),
            probe.RunAsync(cancellationToken),
            names.RunAsync(cancellationToken),
            ads.RunAsync(cancellationToken),
        ];
        if (callers is not null) loops = [.. loops, callers.RunAsync(cancellationToken)];
        return _edge is null ? loops : [.. loops, _edge.Credentials.RunAsync(cancellationToken)];
    }

    private void AnnounceIfReady()
    {
        if (_readiness.Missing() is null) _announcer.Ready($"{_models.Status.Source}");
    }

    private async Task DrainAsync(DataplaneServer dataplane)
    {
        _lifetime.RequestStop();
        dataplane.Drain.Begin();
        LogDraining(dataplane.Drain.InFlight);
        using var patience = new CancellationTokenSource(_settings.DrainTimeout, _surroundings.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _lifetime.Impatient);
        try
        {
            if (_models.Model is not null) await Task.Delay(Farewell, _surroundings.Clock, either.Token);
            await dataplane.StopAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            LogCutOff(dataplane.Drain.InFlight);
        }
    }

    // A loop ends by cancellation, or because there is nothing left to do; anything else is a bug that must not go
    // unseen.
    private static async Task FirstFailureAsync(Task[] loops)
    {
        await foreach (var ended in Task.WhenEach(loops))
        {
            if (ended.IsFaulted) return;
        }
    }

    private static async Task EndAsync(Task[] loops)
    {
        foreach (var loop in loops)
        {
            try
            {
                await loop;
            }
            catch (OperationCanceledException)
            {
                // That is how they end.
            }
        }
    }

    private DataplaneOptions DataplaneOptionsOf()
    {
        var settings = _settings;
        var labels = settings.Labels;
        var bind = IPAddress.Parse(settings.BindAddress);
        return new DataplaneOptions
        {
            Outbound = _edge is null ? new IPEndPoint(IPAddress.Loopback, settings.OutboundPort) : null,
            Edge = _edge?.Credentials,
            Inbound = settings.AppPorts.ToDictionary(p => p.Port, p => new IPEndPoint(bind, p.InboundPort)),
            HostDemand = _demands,
            PlaintextCallers = _callers,
            CredentialsDirectory = settings.CredentialsDirectory,
            HopEngine = settings.HopEngine,
            AccessLog = settings.AccessLog switch { "stdout" => "-", "off" => "", var file => file },
            Workload = new WorkloadLabels
            {
                Workload = settings.WorkloadName,
                Namespace = settings.Namespace,
                App = labels.GetValueOrDefault("app", WorkloadLabels.Unknown),
                Version = labels.GetValueOrDefault("version", WorkloadLabels.Unknown),
                Cluster = settings.ClusterId.Length > 0 ? settings.ClusterId : WorkloadLabels.Unknown,
                CanonicalService = labels.GetValueOrDefault(
                    "service.istio.io/canonical-name", labels.GetValueOrDefault("app", "")),
            },
        };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: {InFlight} requests in flight.")]
    private partial void LogDraining(int inFlight);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not waiting any longer: {InFlight} requests are cut off.")]
    private partial void LogCutOff(int inFlight);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopped.")]
    private partial void LogStopped();
}
