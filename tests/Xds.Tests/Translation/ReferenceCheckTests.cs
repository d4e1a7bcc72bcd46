using Google.Protobuf;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>The check itself: every other test of the translation relies on it.</summary>
public sealed class ReferenceCheckTests
{
    private const string B = "outbound|80||b.app.svc.cluster.local";

    [Fact]
    public void A_domain_that_occurs_twice_is_found() =>
        Assert.Contains("80 has the domain b.app twice.", WithRoutes(t => t.VirtualHosts[0].Domains.Add("b.app")));

    [Fact]
    public void Weights_without_sum_are_found() =>
        Assert.Contains(WithRoutes(t => t.VirtualHosts[0].Routes[0].Route_.WeightedClusters = new WeightedCluster()), f => f.Contains("weights are 0"));

    [Fact]
    public void A_route_without_condition_or_action_is_found()
    {
        var faults = WithRoutes(t => t.VirtualHosts[0].Routes.Add(new Route { Name = "x" }));

        Assert.Contains("80/a.app.svc.cluster.local:80/x has no path condition.", faults);
        Assert.Contains("80/a.app.svc.cluster.local:80/x does nothing.", faults);
    }

    [Fact]
    public void Endpoints_that_are_missing_or_wanted_by_nobody_are_found()
    {
        var good = Good();
        var faults = ReferenceCheck.Violations(good with
        {
            Endpoints = Without(good.Endpoints, B, new ClusterLoadAssignment { ClusterName = "x" }),
        });

        Assert.Equal([$"Cluster {B} waits for endpoints that do not exist.", "Nobody asks for the endpoints of x."], faults.ToArray());
    }

    [Fact]
    public void Routes_that_are_missing_are_found()
    {
        var good = Good();

        var faults = ReferenceCheck.Violations(good with { Routes = ResourceGroup.Of(TypeUrls.RouteConfiguration, []) });

        Assert.Contains("A listener waits for routes 80 that do not exist.", faults.AsEnumerable());
    }

    [Fact]
    public void An_inbound_chain_into_nothing_is_found()
    {
        var good = Good();

        var faults = ReferenceCheck.Violations(good with { Clusters = Without(good.Clusters, "inbound|8080||") });

        Assert.Contains("virtualInbound forwards to inbound|8080||, which does not exist.", faults.AsEnumerable());
    }

    [Fact]
    public void A_chain_whose_last_filter_is_not_the_router_is_found() =>
        Assert.Contains("0.0.0.0_80: the last filter is not the router.", WithManager(m => m.HttpFilters.RemoveAt(m.HttpFilters.Count - 1)));

    [Fact]
    public void A_policy_with_an_empty_set_is_found()
    {
        var policy = new Policy { Permissions = { new Permission { OrRules = new() } }, Principals = { new Principal { Any = true } } };
        var filter = new HttpFilter
        {
            Name = "rbac",
            TypedConfig = Pack(new Protocol.HttpRbac.RBAC { Rules = new RBAC { Policies = { ["p"] = policy } } }),
        };

        Assert.Contains("0.0.0.0_80: p has an empty set.", WithManager(m => m.HttpFilters.Insert(0, filter)));
    }

    [Fact]
    public void Clusters_that_do_not_hold_together_are_found()
    {
        var good = Good();
        var cluster = new Cluster { Name = "x", Type = Cluster.Types.DiscoveryType.OriginalDst, ConnectTimeout = new() };

        var faults = ReferenceCheck.Violations(good with { Clusters = Without(good.Clusters, "", cluster) });

        Assert.Equal(["x: no connect timeout.", "x: ORIGINAL_DST and CLUSTER_PROVIDED belong together."], faults.ToArray());
    }

    private static ResourceSet Good() =>
        SnapshotTranslator.Translate(new TranslationInput(TestMesh.With("").Snapshot, TestMesh.Scope("app", "app=a")));

    private static Google.Protobuf.WellKnownTypes.Any Pack(IMessage message) => Google.Protobuf.WellKnownTypes.Any.Pack(message);

    private static string[] WithRoutes(Action<RouteConfiguration> change)
    {
        var good = Good();
        var table = good.Routes.Find("80")!.ToAny().Unpack<RouteConfiguration>();
        change(table);
        return [.. ReferenceCheck.Violations(good with { Routes = Without(good.Routes, "80", table) })];
    }

    private static string[] WithManager(Action<HttpConnectionManager> change)
    {
        var good = Good();
        var listener = good.Listeners.Find("0.0.0.0_80")!.ToAny().Unpack<Listener>();
        var filter = listener.FilterChains[0].Filters[0];
        var manager = filter.TypedConfig.Unpack<HttpConnectionManager>();
        change(manager);
        filter.TypedConfig = Pack(manager);
        return [.. ReferenceCheck.Violations(good with { Listeners = Without(good.Listeners, "0.0.0.0_80", listener) })];
    }

    private static ResourceGroup Without(ResourceGroup group, string name, params IMessage[] added) => ResourceGroup.Of(
        group.TypeUrl,
        group.Resources.Where(r => r.Name != name).Concat(added.Select(m => EncodedResource.Of(NameOf(m), m))));

    private static string NameOf(IMessage message) => message switch
    {
        Cluster cluster => cluster.Name,
        ClusterLoadAssignment assignment => assignment.ClusterName,
        Listener listener => listener.Name,
        RouteConfiguration table => table.Name,
        _ => throw new ArgumentException($"{message.Descriptor.FullName} has no name.", nameof(message)),
    };
}
