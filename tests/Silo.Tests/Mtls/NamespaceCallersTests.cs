using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Manifests;
using MeshOrleans.Silo.Mtls;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Tests.Mtls;

/// <summary>Whom a change of PeerAuthentication would refuse.</summary>
public sealed class NamespaceCallersTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private const string MeshStrict = "{name: default, namespace: istio-system}, spec: {mtls: {mode: STRICT}}";
    private const string Strict = "{name: default, namespace: shop}, spec: {mtls: {mode: STRICT}}";
    private const string Permissive = "{name: default, namespace: shop}, spec: {mtls: {mode: PERMISSIVE}}";
    private const string CartPermissive = "{name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}}";
    private const string CartStrict = "{name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}}";
    private const string OtherStrict = "{name: other, namespace: shop}, spec: {selector: {matchLabels: {app: other}}, mtls: {mode: STRICT}}";
    private const string PortDisabled = "{name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}";
    private const string PortStrict = "{name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {8080: {mode: STRICT}}}";
    private const string OtherPortStrict = "{name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {9000: {mode: STRICT}}}";
    private const string Inherit = "{name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: UNSET}}";
    private const string ShopDisabled = "{name: default, namespace: shop}, spec: {mtls: {mode: DISABLE}}";

    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("", Strict, "WouldBeRefused")]
    [InlineData("", MeshStrict, "WouldBeRefused")]
    [InlineData(Permissive, MeshStrict + "|" + Permissive, "Exempt")]
    [InlineData("", Strict + "|" + CartPermissive, "Exempt")]
    [InlineData("", CartStrict, "WouldBeRefused")]
    [InlineData("", OtherStrict, "Exempt")]
    [InlineData("", PortDisabled, "Exempt")]
    [InlineData("", Strict + "|" + PortDisabled, "Exempt")]
    [InlineData("", PortStrict, "WouldBeRefused")]
    [InlineData("", OtherPortStrict, "Exempt")]
    [InlineData("", Strict + "|" + Inherit, "WouldBeRefused")]
    [InlineData(Strict, Strict, "Refused")]
    [InlineData(Strict, Permissive, "Refused")]
    [InlineData(Strict + "|" + CartPermissive, Strict, "WouldBeRefused")] // the exception is deleted
    [InlineData(MeshStrict + "|" + Permissive, MeshStrict, "WouldBeRefused")]
    [InlineData(ShopDisabled, Strict, "WouldBeRefused")]
    public void What_counts_is_what_the_port_demands_before_and_after(string before, string after, string expected)
    {
        var row = Assert.Single(Callers([Report(Seen("10.0.0.9"))]).Rows(Table(before), Table(after)));

        Assert.Equal(expected, row.Standing.ToString());
    }

    [Fact]
    public void Who_was_seen_while_mTLS_was_off_and_has_a_sidecar_says_nothing_about_today()
    {
        var report = Report(Seen("10.0.0.1", CallerDemand.Disable), Seen("10.0.0.2", CallerDemand.Disable), Seen("10.0.0.9", CallerDemand.Disable));
        Workload[] members = [Member("web", "10.0.0.1"), Member("old", "10.0.0.2") with { HasSidecar = false }];

        var off = Callers([report], members).Rows(Table(ShopDisabled), Table(Strict));
        var on = Callers([report], members).Rows(Table(Permissive), Table(Strict));

        Assert.All(off, row => Assert.Equal(CallerStanding.WouldBeRefused, row.Standing));
        Assert.Equal(
            [("10.0.0.1", CallerStanding.Outdated), ("10.0.0.2", CallerStanding.WouldBeRefused), ("10.0.0.9", CallerStanding.WouldBeRefused)],
            on.Select(row => (row.Address, row.Standing)).Order());
    }

    [Fact]
    public void Replicas_of_a_group_are_one_row_with_all_they_have_seen()
    {
        var one = Report(Seen("10.0.0.9") with { Connections = 2, LastSeen = _now.AddMinutes(-5), FirstSeen = _now.AddDays(-2) });
        var other = Report(Seen("10.0.0.9") with { Connections = 3, Open = 1 }) with { NodeId = "cart-2", Workload = "cart-2" };
        var gone = Report(Seen("10.0.0.9") with { Connections = 4, Open = 7, LastSeen = _now.AddMinutes(-9) }) with { NodeId = "cart-0" };

        var callers = Callers([one, other, gone], [Member("legacy", "10.0.0.9") with { Namespace = "old" }], ["cart-1", "cart-2"]);
        var row = Assert.Single(callers.Rows(Table(""), Table(Strict)));

        Assert.Equal(("cart", 8080, 9L, 1), (row.Workload, row.Port, row.Connections, row.Open));
        Assert.Equal((_now.AddDays(-2), _now), (row.FirstSeen, row.LastSeen));
        Assert.Equal(["old/legacy"], row.Members);
    }

    [Fact]
    public void A_member_is_watched_while_its_sidecar_tells_on_the_stream_that_is_open()
    {
        Workload[] members = [Member("cart-1", "10.1.0.1"), Member("cart-2", "10.1.0.2"), Member("cart-3", "10.1.0.3")];
        var early = Report() with { NodeId = "cart-2", Workload = "cart-2", HeardAt = _now.AddMinutes(-2) }; // its stream is newer
        var callers = Callers([Report(), early], members, ["cart-1", "cart-2"]);

        var turning = callers.Turning(Table(""), Table(Strict));

        Assert.Equal(3, turning.Length);
        Assert.Equal(
            [("cart-2", "its proxy (mesh-sidecar 1) does not tell, or has not told yet"), ("cart-3", "its sidecar is not connected")],
            callers.Unwatched(turning).Select(m => (m.Workload, m.Reason)));
        Assert.Equal(_now.AddHours(-1), callers.WatchedSince);
    }

    [Fact]
    public void Clocks_that_differ_and_times_that_were_not_saved_make_nobody_unwatched()
    {
        var told = Report() with { HeardAt = _now.AddMinutes(-2), OpenedAt = _now.AddMinutes(-1) };
        var callers = Callers([told], [Member("cart-1", "10.1.0.1")], ["cart-1"]);

        Assert.Empty(callers.Unwatched(callers.Enforcing));
    }

    [Fact]
    public void A_sidecar_with_as_many_callers_as_are_remembered_may_have_had_more()
    {
        var many = Enumerable.Range(0, SeenCaller.MaxOfSidecar).Select(i => Seen($"10.0.{i / 200}.{i % 200}")).ToArray();

        Assert.Equal((1, 0), (Callers([Report(many)]).Crowded, Callers([Report(many[1..])]).Crowded));
    }

    [Fact]
    public void Whose_ports_stay_as_they_are_need_not_be_watched()
    {
        Workload[] members = [Member("cart-1", "10.1.0.1"), Member("other", "10.1.0.2", "other")];
        var callers = Callers([], members);

        Assert.Equal(["other"], callers.Turning(Table(CartStrict), Table(CartStrict + "|" + Strict)).Select(m => m.Name));
        Assert.Empty(callers.Turning(Table(Strict), Table(Strict)));
    }

    [Fact]
    public void Nobody_keeps_plaintext_from_a_member_without_a_proxy()
    {
        Workload[] members =
        [
            Member("cart-1", "10.1.0.1"),
            Member("bare", "10.1.0.2") with { HasSidecar = false },
            Member("grpc", "10.1.0.3") with { HasSidecar = false }, // a program that enforces by itself
        ];
        var callers = Callers([Report()], members, ["cart-1", "grpc"]);

        Assert.Equal(["cart-1", "grpc"], callers.Enforcing.Select(m => m.Name));
        Assert.Equal(1, callers.WithoutSidecar);
        Assert.Equal(["grpc"], callers.Unwatched(callers.Enforcing).Select(m => m.Workload));
    }

    [Fact]
    public void A_change_is_told_by_the_policy_that_decides_and_names_no_more_than_ten()
    {
        var many = Report([.. Enumerable.Range(1, 14).Select(i => Seen($"10.0.0.{i}") with { LastSeen = _now.AddMinutes(-i) })]);
        var callers = Callers([many], [Member("web", "10.0.0.1") with { Namespace = "front" }, Member("cart-1", "10.1.0.1")], ["cart-1"]);

        var review = StrictReview.Of([callers], Table(""), Table(Strict), StrictGuard.Refuse, 7, ns => ns != "front");
        var open = StrictReview.Of([callers], Table(""), Table(Strict), StrictGuard.Warn, 7, _ => true);

        var found = Assert.Single(review.Refused);
        Assert.Equal(("PeerAuthentication/shop/default", "spec.mtls.mode", "MSH2022"), (found.Resource, found.Path.Text, found.Code));
        Assert.Contains("10.0.0.1 calls shop/cart port 8080, last at 2026-01-02 03:03:05Z; 10.0.0.2 calls", found.Message);
        Assert.Contains("; and 4 more (meshctl mtls readiness shop)", found.Message);
        Assert.DoesNotContain("10.0.0.11", found.Message);
        Assert.Contains("10.0.0.1 (front/web) calls", open.Refused[0].Message);
        Assert.Equal((true, false), (review.IsRefused, open.IsRefused));
        Assert.Empty(review.Unknown);
    }

    [Fact]
    public void A_port_is_told_by_its_own_field_and_what_is_not_watched_by_name()
    {
        var callers = Callers([Report(Seen("10.0.0.9")) with { HeardAt = _now.AddDays(-1) }], [Member("cart-1", "10.1.0.1")]);

        var review = StrictReview.Of([callers], Table(ShopDisabled), Table(ShopDisabled + "|" + PortStrict), StrictGuard.Refuse, 7, _ => true);

        Assert.Equal("spec.portLevelMtls.8080.mode", Assert.Single(review.Refused).Path.Text);
        Assert.Contains("set PERMISSIVE first", review.Refused[0].Message);
        var unknown = Assert.Single(review.Unknown);
        Assert.Equal(("MSH2023", "PeerAuthentication/shop/cart"), (unknown.Code, unknown.Resource));
        Assert.Equal(
            "whether STRICT refuses callers of 1 of 1 workloads is not known: shop/cart-1 (its sidecar is not connected)",
            unknown.Message);
    }

    [Fact]
    public void Ignorance_alone_refuses_nothing()
    {
        var review = StrictReview.Of([Callers([], [Member("cart-1", "10.1.0.1")])], Table(""), Table(Strict), StrictGuard.Refuse, 7, _ => true);

        Assert.Equal((0, 1, false), (review.Refused.Length, review.Unknown.Length, review.IsRefused));
    }

    private static NamespaceCallers Callers(
        ImmutableArray<CallerReport> reports, Workload[]? members = null, string[]? connected = null) => new(
        "shop",
        reports,
        (connected ?? []).Select(name => new ProxyView(
            name,
            new ProxyConnection(
                "gw",
                Cart,
                "shop",
                members!.FirstOrDefault(m => m.Name == name)?.Address ?? "10.9.9.9",
                ImmutableDictionary<string, string>.Empty,
                "mesh-sidecar 1"),
            Connected: true,
            _now.AddMinutes(-1),
            [])),
        (members ?? []).ToLookup(m => m.Address),
        _now);

    private static CallerReport Report(params SeenCaller[] callers) => new(
        "cart-1",
        "cart-1",
        "cart",
        ImmutableDictionary<string, string>.Empty.Add("app", "cart"),
        "r1",
        _now.AddHours(-1),
        _now,
        [.. callers],
        SpiffeId: Cart);

    private static SeenCaller Seen(string address, CallerDemand demand = CallerDemand.Permissive) =>
        new(8080, address, demand, false, 1, 0, _now, _now);

    private static Workload Member(string name, string address, string app = "cart") => new()
    {
        Namespace = "shop",
        Name = name,
        Address = address,
        ServiceAccount = "cart",
        HasSidecar = true,
        Labels = ImmutableSortedDictionary<string, string>.Empty.Add("app", app),
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 8080),
    };

    private static AuthenticationTable Table(string policies)
    {
        var yaml = string.Join("\n---\n", policies.Split('|', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => $"{{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {p}}}"));
        var manifest = ManifestReader.Read("", yaml, "shop");
        Assert.Empty(manifest.Violations);
        return new AuthenticationTable(manifest.Resources.Select(r => r.Resource));
    }
}
