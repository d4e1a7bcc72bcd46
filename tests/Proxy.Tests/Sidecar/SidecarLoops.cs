using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar;
using MeshOrleans.Proxy.Sidecar.Callers;
using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Proxy.Sidecar.State;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Xds.Protocol.Callers;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>The two loops of a sidecar that talk to the control plane, on real time and a list of gateways.</summary>
internal sealed class SidecarLoops : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly StateFolder _state;
    private readonly Task[] _loops;

    /// <param name="token">The join token.</param>
    /// <param name="gateways">The gateways in the order in which they are to be tried.</param>
    public SidecarLoops(string token, params HostPort[] gateways)
    {
        Settings = SettingsReader.Read(
            ["--xds", string.Join(',', gateways.AsEnumerable()), "--namespace", "shop", "--service-account", "cart",
                "--workload-name", "cart-1", "--node-id", NodeThatTries(gateways)],
            name => name == "MESH_TOKEN" ? token : null,
            "host");
        _state = new StateFolder(_folder.Path);
        var clock = TimeProvider.System;
        Identity = new IdentityHolder(
            Settings, new IdentityStore(_state, new ListLogger<IdentityStore>()), clock, new ListLogger<IdentityHolder>());
        Models = new ModelHolder(ProxyModel.Empty, clock, new ListLogger<ModelHolder>());
        var hosts = new HostReadiness(Models, () => Models.Model ?? ProxyModel.Empty);
        Demands = new DemandBook(hosts.IsReady, hosts.WaitsForNames, clock);
        Models.Changed += _ => Demands.ModelChanged();
        var surroundings = new Surroundings(clock, SharedRandomSource.Instance);
        var joiner = new Joiner(
            Settings, Identity, new TrustBundleClient(clock), new CertificateClient(Settings, clock), clock);
        var parts = new AdsParts(
            Models,
            Identity,
            new SecretKeeper(Identity, new ListLogger<SecretKeeper>()),
            new NodeFactory(Settings, new Dictionary<int, int>()),
            new WorkloadHealth(),
            Demands,
            new CallerReporter(Callers, clock));
        _loops =
        [
            new IdentityLoop(Settings, Identity, joiner, surroundings, IdentityLog).RunAsync(_stop.Token),
            new AdsLoop(Settings, parts, surroundings, Log).RunAsync(_stop.Token),
            parts.Callers!.RunAsync(_stop.Token),
        ];
    }

    public SidecarSettings Settings { get; }

    public IdentityHolder Identity { get; }

    public ModelHolder Models { get; }

    public DemandBook Demands { get; }

    public PlaintextCallers Callers { get; } = new(TimeProvider.System, PlaintextReport.MaxCallers);

    public ListLogger<AdsLoop> Log { get; } = new();

    public ListLogger<IdentityLoop> IdentityLog { get; } = new();

    /// <summary>Waits for a stream to this gateway, as long as a sidecar may go without one.</summary>
    public async Task ConnectsToAsync(HostPort gateway, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (Models.Status.Gateway != gateway.ToString())
        {
            if (limit.IsCancellationRequested)
            {
                Assert.Fail(
                    $"After {patience.TotalSeconds:0} s there is no stream to {gateway}, but to {Models.Status.Gateway}: "
                    + string.Join(' ', Log.Lines.Select(l => l.Text)));
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var loop in _loops) await loop.ContinueWith(_ => { }, TaskScheduler.Default);
        Models.Dispose();
        Demands.Dispose();
        _state.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    /// <summary>A node id whose own order of the gateways is the one that is given.</summary>
    public static string NodeThatTries(IReadOnlyCollection<HostPort> gateways) => Enumerable.Range(0, int.MaxValue)
        .Select(i => $"sidecar~127.0.0.1~cart-{i}.shop~shop.svc.cluster.local")
        .First(id => GatewayRing.Order(id, [.. gateways]).SequenceEqual(gateways));
}
