using System.Collections.Frozen;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>Short ways to write models.</summary>
internal static class Models
{
    public static ClusterModel Cluster(string name, params EchoBackend[] backends) =>
        new() { Name = name, Endpoints = [.. backends.Select(b => new EndpointModel("127.0.0.1", b.Port))] };

    public static ClusterModel Cluster(string name, params int[] ports) =>
        new() { Name = name, Endpoints = [.. ports.Select(p => new EndpointModel("127.0.0.1", p))] };

    /// <summary>The cluster of calls that go where they point.</summary>
    public static ClusterModel Passthrough { get; } =
        new() { Name = UnknownHostRoutes.PassthroughCluster, Kind = ClusterKind.OriginalDestination };

    public static RouteModel To(string cluster) => new() { Action = new RouteAction.Forward(WeightedChoice.Of(cluster)) };

    public static RouteModel To(RouteAction.Forward forward) => new() { Action = forward };

    public static RouteAction.Forward Forward(string cluster) => new(WeightedChoice.Of(cluster));

    public static RouteTableModel Table(params RouteModel[] routes) =>
        new("80", [new VirtualHostModel("b:80", ["b"], [.. routes]) { IncludeAttemptCount = true }]);

    public static RouteTableModel AnyHost(params RouteModel[] routes) =>
        new("in", [new VirtualHostModel("inbound|http|", ["*"], [.. routes])]);

    public static ProxyModel Outbound(RouteTableModel table, params ClusterModel[] clusters) => new ProxyModel
    {
        Outbound = new Dictionary<int, OutboundPortModel> { [80] = new(80, table) }.ToFrozenDictionary(),
    }.With(clusters);

    public static TcpChainModel Chain(string cluster, params string[] serverNames) =>
        new() { Clusters = WeightedChoice.Of(cluster), ServerNames = [.. serverNames] };

    /// <summary>A model with one service of bytes, <c>db:3306</c>.</summary>
    public static ProxyModel Tcp(TcpChainModel? last, TcpChainModel[] chains, params ClusterModel[] clusters) => new ProxyModel
    {
        OutboundTcp = new TcpServiceTable([new TcpServiceModel("db_3306", ["db", "db.app"], 3306, [.. chains], last)]),
        OutboundPolicy = OutboundPolicy.RegistryOnly,
    }.With(clusters);

    public static ProxyModel Inbound(int port, InboundTlsMode mode, ClusterModel app, AuthorizationModel? rules = null) => new ProxyModel
    {
        Inbound = new Dictionary<int, InboundPortModel>
        {
            [port] = new()
            {
                Port = port,
                Mode = mode,
                Routes = AnyHost(To(app.Name)),
                TcpCluster = app.Name,
                Authorization = rules ?? AuthorizationModel.AllowAll,
            },
        }.ToFrozenDictionary(),
    }.With(app);

    public static ProxyModel With(this ProxyModel model, params ClusterModel[] clusters) =>
        model with { Clusters = clusters.ToFrozenDictionary(c => c.Name) };

    public static ProxyModel WithInbound(this ProxyModel model, InboundPortModel port) =>
        model with { Inbound = new Dictionary<int, InboundPortModel> { [port.Port] = port }.ToFrozenDictionary() };

    /// <summary>The cluster through whose endpoint another test sidecar is called.</summary>
    public static ClusterModel Mesh(string name, int port, params string[] allowedIds) => new()
    {
        Name = name,
        Endpoints = [new EndpointModel("127.0.0.1", port) { UsesMesh = true }],
        Tls = new UpstreamTlsModel
        {
            Mode = UpstreamTlsMode.AutoPerEndpoint,
            Sni = "outbound_.80_._.b",
            AllowedSpiffeIds = allowedIds.ToFrozenSet(),
        },
    };

    public static AuthorizationModel Rules(AuthorizationAction action, RequestRule permission, RequestRule? principal = null) =>
        new([new AuthorizationFilter(new AuthorizationRules(
            action, [new AuthorizationPolicyModel("ns[app]-policy[p]-rule[0]", permission, principal ?? new RequestRule.Always())]))]);
}
