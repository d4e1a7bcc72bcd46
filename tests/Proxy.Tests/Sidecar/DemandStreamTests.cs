using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>How a sidecar asks for hosts on its stream.</summary>
public sealed class DemandStreamTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly TestAuthority _authority = new(TimeProvider.System);
    private FakeControlPlane _plane = null!;
    private SidecarLoops _sidecar = null!;

    public async Task InitializeAsync()
    {
        _plane = await FakeControlPlane.StartAsync(_authority);
        _plane.Put(Empty());
        _sidecar = new SidecarLoops(_plane.NewToken().Reveal(), _plane.Address);
        await Eventually.HoldsAsync("a model on demand", () => _sidecar.Models.Model is { IsOnDemand: true });
    }

    public async Task DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _plane.DisposeAsync();
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task It_says_that_it_asks_and_names_nothing_at_first()
    {
        var first = await _plane.NextAsync("its first request", _ => true);

        Assert.Equal(TypeUrls.Cluster, first.TypeUrl);
        Assert.Equal("true", first.Node.Metadata.Fields[OnDemand.Metadata].StringValue);
    }

    [Fact]
    public async Task A_host_is_asked_for_and_there_once_its_cluster_its_endpoints_and_its_routes_are()
    {
        var waiting = _sidecar.Demands.WaitAsync("catalog", 80, CancellationToken.None);
        await _plane.NextAsync("the demand", r => r.TypeUrl == TypeUrls.HostDemand && r.ResourceNamesSubscribe is ["catalog:80"]);

        var mesh = MeshResources.Mesh(8080);
        var routes = ((RouteConfiguration)Empty()[TypeUrls.RouteConfiguration]["80"]).Clone();
        routes.VirtualHosts.Insert(0, ((RouteConfiguration)mesh[TypeUrls.RouteConfiguration]["80"]).VirtualHosts[0]);
        await _plane.AnswerToAsync(_plane.Push(TypeUrls.RouteConfiguration, new Dictionary<string, IMessage> { ["80"] = routes }));
        Assert.False(waiting.IsCompleted); // its cluster is missing
        await _plane.AnswerToAsync(_plane.Push(TypeUrls.Cluster, mesh[TypeUrls.Cluster]));
        Assert.False(waiting.IsCompleted); // its endpoints are
        _plane.Push(TypeUrls.ClusterLoadAssignment, mesh[TypeUrls.ClusterLoadAssignment]);

        await waiting.WaitAsync(Limit);
        Assert.Equal(1, _sidecar.Demands.Counts.Found);
    }

    [Fact]
    public async Task A_host_that_nobody_has_is_refused_on_the_stream()
    {
        var waiting = _sidecar.Demands.WaitAsync("nobody", 80, CancellationToken.None);
        await _plane.NextAsync("the demand", r => r.TypeUrl == TypeUrls.HostDemand);

        _plane.Push(TypeUrls.HostDemand, new Dictionary<string, IMessage>(), "nobody:80");

        await waiting.WaitAsync(Limit);
        Assert.Equal(1, _sidecar.Demands.Counts.InVain);
    }

    [Fact]
    public async Task A_new_stream_names_first_what_was_called_and_what_is_held()
    {
        var waiting = _sidecar.Demands.WaitAsync("x.example", 80, CancellationToken.None);
        await _plane.NextAsync("the demand", r => r.TypeUrl == TypeUrls.HostDemand);
        _plane.Push(TypeUrls.HostDemand, new Dictionary<string, IMessage> { ["x.example:80"] = new StringValue { Value = "*.example" } });
        await waiting.WaitAsync(Limit);
        var routes = ((RouteConfiguration)Empty()[TypeUrls.RouteConfiguration]["80"]).Clone();
        routes.VirtualHosts.Insert(0, new VirtualHost { Name = "held:80", Domains = { "held" } });
        await _plane.AnswerToAsync(_plane.Push(TypeUrls.RouteConfiguration, new Dictionary<string, IMessage> { ["80"] = routes }));

        _plane.EndStream();
        var first = await _plane.NextAsync("the first request of a new stream", r => r.Node is not null && r.TypeUrl != TypeUrls.Secret);

        Assert.Equal(TypeUrls.HostDemand, first.TypeUrl);
        Assert.Equal(["x.example:80"], first.ResourceNamesSubscribe);
        Assert.Equal(["held:80"], first.InitialResourceVersions.Keys);
    }

    private static Dictionary<string, IReadOnlyDictionary<string, IMessage>> Empty() => new()
    {
        [TypeUrls.Cluster] = new Dictionary<string, IMessage>
        {
            ["PassthroughCluster"] = MeshResources.Mesh(1)[TypeUrls.Cluster]["PassthroughCluster"],
        },
        [TypeUrls.Listener] = new Dictionary<string, IMessage>
        {
            ["0.0.0.0_80"] = MeshResources.OutboundListener(80),
            ["virtualOutbound"] = new Listener
            {
                Name = "virtualOutbound",
                Address = MeshResources.At("0.0.0.0", 15001),
                UseOriginalDst = true,
                TrafficDirection = MeshOrleans.Xds.Protocol.Core.TrafficDirection.Outbound,
                FilterChains = { CatchAll() },
            },
        },
        [TypeUrls.RouteConfiguration] = new Dictionary<string, IMessage>
        {
            ["80"] = new RouteConfiguration
            {
                Name = "80",
                IgnorePortInHostMatching = true,
                VirtualHosts =
                {
                    new VirtualHost
                    {
                        Name = OnDemand.Name,
                        Domains = { "*" },
                        Routes = { new Route { Match = new() { Prefix = "/" }, DirectResponse = new() { Status = 502 } } },
                    },
                },
            },
        },
    };

    private static FilterChain CatchAll() => new()
    {
        Name = OnDemand.Name,
        Filters =
        {
            new Filter
            {
                Name = "envoy.filters.network.tcp_proxy",
                TypedConfig = Any.Pack(new TcpProxy { StatPrefix = "p", Cluster = "PassthroughCluster" }),
            },
        },
    };
}
