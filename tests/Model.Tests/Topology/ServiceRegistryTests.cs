using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Tests.Topology;

public sealed class ServiceRegistryTests
{
    private static readonly ImmutableSortedDictionary<string, string> Reviews = Labels(("app", "reviews"));

    [Fact]
    public void A_kubernetes_service_has_the_workloads_its_selector_matches_in_its_own_namespace()
    {
        var snapshot = MeshSnapshot.Empty
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [new() { Port = 80, TargetPort = 8080 }] })
            .With(Member("shop", "reviews-v1", Reviews.Add("version", "v1")))
            .With(Member("shop", "cart-v1", Labels(("app", "cart"))))
            .With(Member("other", "reviews-v1", Reviews));

        var registry = ServiceRegistry.From(snapshot);
        var service = registry.FindOwn("reviews", "shop")!;
        var endpoints = registry.Endpoints(service, service.FindPort(80)!);

        var endpoint = Assert.Single(endpoints);
        Assert.Equal(("shop", "reviews-v1", 8080), (endpoint.Workload.Namespace, endpoint.Workload.Name, endpoint.WorkloadPort));
    }

    [Fact]
    public void A_sidecar_with_a_port_of_its_own_is_dialled_there_but_policies_speak_of_the_workload_port()
    {
        var member = Member("shop", "r", Reviews) with { InboundPorts = ImmutableSortedDictionary<int, int>.Empty.Add(8080, 41000) };
        var snapshot = MeshSnapshot.Empty
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [new() { Port = 80, TargetPort = 8080 }] })
            .With(member);

        var endpoint = Assert.Single(EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80));

        Assert.Equal((8080, 41000), (endpoint.WorkloadPort, endpoint.DialPort));
    }

    [Fact]
    public void A_target_port_by_name_is_that_of_each_workload_and_leaves_out_those_without_it()
    {
        var port = new KubernetesServicePort { Port = 80, TargetPortName = "web" };
        var snapshot = MeshSnapshot.Empty
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [port] })
            .With(Member("shop", "a", Reviews) with { Ports = Ports(("web", 7001)) })
            .With(Member("shop", "b", Reviews) with { Ports = Ports(("web", 7002)) })
            .With(Member("shop", "c", Reviews) with { Ports = Ports(("admin", 7003)) });

        var ports = EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80).Select(e => (e.Workload.Name, e.WorkloadPort));

        Assert.Equal([("a", 7001), ("b", 7002)], ports);
    }

    [Fact]
    public void A_workload_entry_serves_the_port_it_names_before_the_target_port()
    {
        var entry = new WorkloadEntry { Address = "10.0.0.9", Labels = Reviews, Ports = Ports(("http", 9001)), ServiceAccount = "vm" };
        var snapshot = MeshSnapshot.Empty
            .With("shop", "vm1", entry)
            .With("shop", "vm2", entry with { Ports = Ports() })
            .With("shop", "reviews", new KubernetesService
            {
                Selector = Reviews,
                Ports = [new() { Name = "http", Port = 80, TargetPort = 8080 }, new() { Name = "tcp-x", Port = 90 }],
            });

        Assert.Equal([9001, 8080], EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80).Select(e => e.WorkloadPort));
        Assert.Equal([90, 90], EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 90).Select(e => e.WorkloadPort));
    }

    [Theory]
    [InlineData("", "r.z.s", "r/z/s")]
    [InlineData("", "r/z.1/s", "r/z.1/s")]
    [InlineData("own/z", "r.z.s", "own/z")]
    [InlineData("", null, "")]
    public void Where_a_workload_runs_is_what_it_states_else_what_its_label_says(string stated, string? label, string expected)
    {
        var labels = label is null ? Reviews : Reviews.Add("istio-locality", label);

        Assert.Equal(expected, Locality.Of(stated, labels).ToString());
    }

    [Theory]
    [InlineData("vm", null, true)] // as Istio: its account is what it proves to be
    [InlineData("", null, false)]
    [InlineData("vm", "disabled", false)]
    [InlineData("", "istio", true)]
    public void An_entry_with_an_account_has_a_sidecar_unless_its_label_says_otherwise(string account, string? mode, bool hasSidecar)
    {
        var labels = mode is null ? Reviews : Reviews.Add("security.istio.io/tlsMode", mode);
        var snapshot = MeshSnapshot.Empty
            .With("shop", "vm1", new WorkloadEntry { Address = "10.0.0.9", Labels = labels, ServiceAccount = account })
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [new() { Port = 80 }] });

        Assert.Equal(hasSidecar, Assert.Single(EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80)).Workload.HasSidecar);
    }

    [Fact]
    public void A_workload_that_registered_under_an_entrys_name_stands_for_it()
    {
        var snapshot = MeshSnapshot.Empty
            .With("shop", "vm1", new WorkloadEntry { Address = "10.0.0.9", Labels = Reviews })
            .With(Member("shop", "vm1", Reviews) with { Address = "10.0.0.1" })
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [new() { Port = 80 }] });

        Assert.Equal("10.0.0.1", Assert.Single(EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80)).Workload.Address);
    }

    [Fact]
    public void An_import_adds_nothing_to_a_local_service_that_is_not_shared()
    {
        var snapshot = MeshSnapshot.Empty
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [new() { Port = 80, TargetPort = 8080 }] })
            .With(Member("shop", "local", Reviews))
            .With(Import("east", "shop", "reviews", new ImportedPort("http", 80, 9090, "")));

        Assert.Equal("local", Assert.Single(EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80)).Workload.Name);
    }

    [Fact]
    public void An_import_joins_a_local_service_that_is_shared_behind_its_own_endpoints()
    {
        var snapshot = MeshSnapshot.Empty
            .With("shop", "reviews", new ServiceExport())
            .With("shop", "reviews", new KubernetesService { Selector = Reviews, Ports = [new() { Port = 80, TargetPort = 8080 }] })
            .With(Member("shop", "local", Reviews))
            .With(Import("east", "shop", "reviews", new ImportedPort("http", 80, 9090, "")));

        var registry = ServiceRegistry.From(snapshot);
        var endpoints = EndpointsOf(snapshot, "reviews.shop.svc.cluster.local", 80);

        Assert.Single(registry.Services);
        Assert.Equal([("local", 8080, ""), ("far", 9090, "east")], endpoints.Select(e => (e.Workload.Name, e.WorkloadPort, e.Peer)));
    }

    [Fact]
    public void An_import_alone_is_a_service_of_its_own()
    {
        var snapshot = MeshSnapshot.Empty.With(Import("east", "shop", "reviews", new ImportedPort("grpc", 80, 9090, "")));

        var service = ServiceRegistry.From(snapshot).Find("reviews.shop.svc.cluster.local", "anywhere")!;

        Assert.Equal((ServiceOrigin.Imported, AppProtocol.Grpc), (service.Origin, service.Ports[0].Protocol));
        Assert.Single(EndpointsOf(snapshot, service.Host, 80));
    }

    [Fact]
    public void A_service_is_seen_only_where_it_is_exported_to()
    {
        var entry = new ServiceEntry { Hosts = ["api.example.com"], Ports = [new NamedPort(443, "tls", "TLS", null)] };
        var snapshot = MeshSnapshot.Empty
            .With("a", "one", entry with { ExportTo = ["."] })
            .With("b", "two", entry with { ExportTo = ["c", "."] });

        var registry = ServiceRegistry.From(snapshot);

        Assert.Equal("a", registry.Find("api.example.com", "a")?.Namespace);
        Assert.Equal("b", registry.Find("api.example.com", "c")?.Namespace);
        Assert.Null(registry.Find("api.example.com", "d"));
        Assert.Single(registry.VisibleTo("c"));
        Assert.Empty(registry.VisibleTo("d"));
    }

    [Fact]
    public void A_service_belongs_to_its_namespace_whoever_else_has_an_entry_for_its_host()
    {
        var snapshot = MeshSnapshot.Empty
            .With("aaa", "shadow", new ServiceEntry { Hosts = ["reviews.shop.svc.cluster.local"], Ports = [new(80, "http", "HTTP", null)] })
            .With("shop", "reviews", new KubernetesService { Ports = [new() { Port = 80 }] });

        var registry = ServiceRegistry.From(snapshot);

        Assert.Equal("shop", registry.FindOwn("reviews", "shop")?.Namespace);
        Assert.Null(registry.FindOwn("reviews", "aaa"));
    }

    [Fact]
    public void A_service_entry_lists_its_endpoints_or_resolves_its_host()
    {
        var ports = ImmutableArray.Create(new NamedPort(80, "http", "HTTP", 8080));
        var snapshot = MeshSnapshot.Empty
            .With("a", "listed", new ServiceEntry
            {
                Hosts = ["db.example.com"],
                Ports = ports,
                Resolution = ServiceResolution.Static,
                Endpoints = [new WorkloadEntry { Address = "10.1.1.1" }, new WorkloadEntry { Address = "10.1.1.2", Weight = 3 }],
            })
            .With("a", "byname", new ServiceEntry { Hosts = ["www.example.com"], Ports = ports, Resolution = ServiceResolution.Dns });

        Assert.Equal(
            [("10.1.1.1", 1, 8080), ("10.1.1.2", 3, 8080)],
            EndpointsOf(snapshot, "db.example.com", 80).Select(e => (e.Workload.Address, e.Workload.Weight, e.WorkloadPort)));
        Assert.Equal("www.example.com", Assert.Single(EndpointsOf(snapshot, "www.example.com", 80)).Workload.Address);
    }

    [Fact]
    public void Two_entries_for_one_host_and_namespace_are_merged_and_the_older_decides()
    {
        var snapshot = MeshSnapshot.Empty
            .With("a", "young", new ServiceEntry { Hosts = ["x.example.com"], Ports = [new(80, "http", "HTTP", null), new(81, "tcp", "TCP", null)] }, 7)
            .With("a", "zold", new ServiceEntry { Hosts = ["x.example.com"], Ports = [new(80, "tcp", "TCP", null)] }, 3);

        var service = Assert.Single(ServiceRegistry.From(snapshot).Services);

        Assert.Equal("zold", service.Name);
        Assert.Equal([(80, AppProtocol.Tcp), (81, AppProtocol.Tcp)], service.Ports.Select(p => (p.Number, p.Protocol)));
    }

    [Fact]
    public void A_service_without_selector_has_no_endpoints_and_a_headless_one_no_address()
    {
        var snapshot = MeshSnapshot.Empty
            .With(Member("shop", "r", Reviews))
            .With("shop", "none", new KubernetesService { Ports = [new() { Port = 80 }], ClusterIp = "None" });

        Assert.Empty(EndpointsOf(snapshot, "none.shop.svc.cluster.local", 80));
        var service = ServiceRegistry.From(snapshot).Services[0];
        Assert.True(service.IsHeadless);
        Assert.Empty(service.Addresses);
    }

    private static ImmutableArray<ServiceEndpoint> EndpointsOf(MeshSnapshot snapshot, string host, int port)
    {
        var registry = ServiceRegistry.From(snapshot);
        var service = registry.Services.First(s => s.Host == host);
        return registry.Endpoints(service, service.FindPort(port)!);
    }

    private static Workload Member(string ns, string name, ImmutableSortedDictionary<string, string> labels) =>
        new() { Namespace = ns, Name = name, Address = "10.0.0.1", Labels = labels };

    private static ImportedService Import(string peer, string ns, string name, ImportedPort port) =>
        new(peer, ns, name, [port], [Member(ns, "far", Reviews)]);

    private static ImmutableSortedDictionary<string, string> Labels(params (string Key, string Value)[] labels) =>
        labels.ToImmutableSortedDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, int> Ports(params (string Key, int Value)[] ports) =>
        ports.ToImmutableSortedDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal);
}
