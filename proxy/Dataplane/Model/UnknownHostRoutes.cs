using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>The routes of a port that has no listener.</summary>
public static class UnknownHostRoutes
{
    /// <summary>The cluster of calls that go where they point.</summary>
    public const string PassthroughCluster = "PassthroughCluster";

    /// <summary>The name, in logs and metrics, of what a call that may not go where it points is given to.</summary>
    public const string BlackHoleCluster = "BlackHoleCluster";

    private const string Block = "block_all";

    private static readonly RouteTableModel Passthrough = Single(
        "allow_any", new RouteAction.Forward(WeightedChoice.Of(PassthroughCluster)));

    private static readonly RouteTableModel Blocked = Single(Block, new RouteAction.DirectResponse(502, default));

    /// <summary>The routes under a policy: one for everything.</summary>
    public static RouteTableModel Of(OutboundPolicy policy) =>
        policy is OutboundPolicy.AllowAny ? Passthrough : Blocked;

    /// <summary>What a route that answers by itself is called as a cluster: it has a name where it says what may not go on.</summary>
    public static string ClusterOf(RouteModel? route) => route is { Name: Block } ? BlackHoleCluster : "";

    private static RouteTableModel Single(string name, RouteAction action) =>
        new(name, [new VirtualHostModel(name, ["*"], [new RouteModel { Name = name, Action = action }])]);
}
