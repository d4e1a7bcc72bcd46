using System.Collections.Immutable;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Tests.Translation.Proxyless;

/// <summary>The check itself: every other test of the translation for gRPC programs relies on it.</summary>
public sealed class ProxylessCheckTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";

    [Fact]
    public void A_load_balancer_that_gRPC_does_not_know_is_found() =>
        Assert.Contains(Clusters(c => c.LbPolicy = Cluster.Types.LbPolicy.LeastRequest), f => f.Contains("LeastRequest"));

    [Fact]
    public void A_cluster_that_does_not_use_EDS_is_found() =>
        Assert.Contains(Clusters(c => c.Type = Cluster.Types.DiscoveryType.OriginalDst), f => f.Contains("from EDS"));

    [Fact]
    public void A_redirect_is_found() => Assert.Contains(
        Routes(r => r.Redirect = new RedirectAction()), f => f.Contains("does not forward"));

    [Fact]
    public void A_route_into_nothing_is_found() => Assert.Contains(
        Routes(r => r.Route_.Cluster = "nowhere"), f => f.Contains("A route leads to nowhere"));

    [Fact]
    public void A_table_without_a_last_route_is_found() => Assert.Contains(
        Routes(r => r.Match.Prefix = "/x"), f => f.Contains("has no last route"));

    [Fact]
    public void A_header_condition_that_old_clients_refuse_is_found() => Assert.Contains(
        Routes(r => r.Match.Headers.Add(new HeaderMatcher { Name = "x", StringMatch = new StringMatcher { Exact = "1" } })),
        f => f.Contains("in a form that not all know"));

    [Fact]
    public void Endpoints_without_weight_are_found()
    {
        var good = Good();

        var faults = ProxylessCheck.Violations(good with
        {
            Endpoints = Change<ClusterLoadAssignment>(good.Endpoints, a => a.Endpoints[0].LoadBalancingWeight = null),
        });

        Assert.Contains(faults, f => f.Contains("a locality has no weight", StringComparison.Ordinal));
    }

    [Fact]
    public void What_only_a_proxy_knows_is_found()
    {
        var good = Good();

        var faults = ProxylessCheck.Violations(good with
        {
            Listeners = Change<Listener>(good.Listeners, l => l.ListenerFilters.Add(new ListenerFilter()), "b:80"),
        });

        Assert.Contains("b:80 has what only a proxy knows.", faults.AsEnumerable());
    }

    [Fact]
    public void Routes_that_are_missing_are_found()
    {
        var good = Good();

        var faults = ProxylessCheck.Violations(good with { Routes = ResourceGroup.Of(good.Routes.TypeUrl, []) });

        Assert.Contains($"The route table {B} does not exist.", faults.AsEnumerable());
    }

    private static ImmutableArray<string> Clusters(Action<Cluster> change)
    {
        var good = Good();
        return ProxylessCheck.Violations(good with { Clusters = Change(good.Clusters, change) });
    }

    private static ImmutableArray<string> Routes(Action<Route> change)
    {
        var good = Good();
        return ProxylessCheck.Violations(good with
        {
            Routes = Change<RouteConfiguration>(good.Routes, table => change(table.VirtualHosts[0].Routes[0])),
        });
    }

    private static ResourceSet Good() => TestMesh.With("").For(TestMesh.Proxyless()).Resources;

    private static ResourceGroup Change<T>(ResourceGroup group, Action<T> change, string name = B)
        where T : IMessage, new() => ResourceGroup.Of(group.TypeUrl, group.Resources.Select(resource =>
    {
        if (resource.Name != name) return resource;
        var message = resource.ToAny().Unpack<T>();
        change(message);
        return EncodedResource.Of(name, message);
    }));
}
