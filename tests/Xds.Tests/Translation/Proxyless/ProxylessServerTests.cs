using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Protocol.Tls;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Tests.Translation.Proxyless;

/// <summary>What a gRPC server without sidecar is told of its own ports.</summary>
public sealed class ProxylessServerTests
{
    private const string Any = "xds.istio.io/grpc/lds/inbound/0.0.0.0:8080";

    [Theory]
    [InlineData("0.0.0.0:8080")]
    [InlineData("[::]:8080")]
    [InlineData("10.0.0.2:8080")]
    [InlineData("10.0.0.2:9000")]
    public void A_port_is_there_under_every_address_that_it_may_be_bound_to(string address) =>
        Assert.True(Server("").Has(TypeUrls.Listener, "xds.istio.io/grpc/lds/inbound/" + address));

    [Fact]
    public void A_client_without_ports_gets_no_address_of_its_own() => Assert.DoesNotContain(
        TestMesh.With("").For(TestMesh.Proxyless("app", "app=b")).Resources.Listeners.Resources,
        listener => listener.Name.Contains("10.0.0.2", StringComparison.Ordinal));

    [Theory]
    [InlineData("STRICT", true)]
    [InlineData("PERMISSIVE", false)]
    [InlineData("DISABLE", false)]
    public void Only_STRICT_is_TLS_and_it_wants_the_callers_certificate(string mode, bool isTls)
    {
        var socket = Chain(Server(Authentication(mode))).TransportSocket;

        Assert.Equal(isTls, socket?.TypedConfig.Unpack<DownstreamTlsContext>().RequireClientCertificate ?? false);
    }

    [Fact]
    public void With_TLS_the_filter_of_the_chain_reads_otherwise()
    {
        var (plain, tls) = (Chain(Server("")).Filters, Chain(Server(Authentication("STRICT"))).Filters);

        Assert.NotEqual(plain, tls);
    }

    [Fact]
    public void Policies_are_filters_with_names_of_their_own_DENY_first()
    {
        var filters = Filters(
            Policy("one", """rules: [ { from: [ { source: { principals: ["cluster.local/ns/app/sa/a"] } } ] } ]""")
            + Policy("two", """action: DENY, rules: [ { when: [ { key: "request.headers[x-bad]", values: ["yes"] } ] } ]"""));

        Assert.Equal([RBAC.Types.Action.Deny, RBAC.Types.Action.Allow], filters.Select(f => f.Rules.Action));
        Assert.Equal("yes", filters[0].Rules.Policies.Values.Single().Principals.Single().Header.ExactMatch);
        Assert.Equal("spiffe://cluster.local/ns/app/sa/a", filters[1].Rules.Policies.Values.Single().Principals.Single().Authenticated.PrincipalName.Exact);
    }

    [Fact]
    public void An_empty_policy_refuses_everything() =>
        Assert.Empty(Assert.Single(Filters(Policy("nothing", ""))).Rules.Policies);

    [Theory]
    [InlineData("ALLOW", """paths: ["/a/{*}"]""", false)]
    [InlineData("DENY", """paths: ["/a/{*}"]""", true)]
    [InlineData("ALLOW", """notPaths: ["/a/{*}"]""", false)]
    [InlineData("DENY", """notPaths: ["/a/{*}"]""", true)]
    public void A_condition_that_gRPC_cannot_check_lets_less_through(string action, string operation, bool matches)
    {
        var filter = Assert.Single(Filters(Policy("p", $$"""action: {{action}}, rules: [ { to: [ { operation: { {{operation}} } } ] } ]""")));

        Assert.Equal(matches, Evaluate(Assert.Single(filter.Rules.Policies.Values.Single().Permissions)));
    }

    [Fact]
    public void Case_does_not_count_in_host_names()
    {
        var filter = Assert.Single(Filters(Policy("p", """rules: [ { to: [ { operation: { hosts: ["b.Example"] } } ] } ]""")));

        Assert.Equal("(?i)b\\.Example", filter.Rules.Policies.Values.Single().Permissions.Single().Header.SafeRegexMatch.Regex);
    }

    [Theory]
    [InlineData("ALLOW", """requestPrincipals: ["*"]""", false)]
    [InlineData("DENY", """requestPrincipals: ["*"]""", true)]
    [InlineData("ALLOW", """notRequestPrincipals: ["*"]""", false)]
    [InlineData("DENY", """notRequestPrincipals: ["*"]""", true)]
    public void A_token_that_gRPC_does_not_look_at_lets_less_through(string action, string source, bool expected)
    {
        var filter = Assert.Single(
            Filters(Policy("p", $"action: {action}, rules: [ {{ from: [ {{ source: {{ {source} }} }} ] }} ]")));

        Assert.Equal(expected, Evaluate(filter.Rules.Policies.Values.Single().Principals.Single()));
    }

    [Fact]
    public void Rules_on_trial_are_left_out() => Assert.Empty(Filters("""
        { kind: AuthorizationPolicy, apiVersion: security.istio.io/v1, metadata: { name: p, namespace: app, annotations: { istio.io/dry-run: "true" } },
          spec: { selector: { matchLabels: { app: b } }, action: DENY, rules: [ {} ] } }
        """));

    /// <summary>What a condition without any question left says.</summary>
    private static bool Evaluate(Permission permission) => permission.RuleCase switch
    {
        Permission.RuleOneofCase.Any => permission.Any,
        Permission.RuleOneofCase.NotRule => !Evaluate(permission.NotRule),
        _ => throw new ArgumentException($"{permission} still asks a question."),
    };

    private static bool Evaluate(Principal principal) => principal.IdentifierCase switch
    {
        Principal.IdentifierOneofCase.Any => principal.Any,
        Principal.IdentifierOneofCase.NotId => !Evaluate(principal.NotId),
        Principal.IdentifierOneofCase.AndIds => principal.AndIds.Ids.All(Evaluate),
        _ => throw new ArgumentException($"{principal} still asks a question."),
    };

    private static List<HttpRbac.RBAC> Filters(string yaml)
    {
        var manager = Assert.Single(Chain(Server(yaml)).Filters).TypedConfig.Unpack<HttpConnectionManager>();
        return [.. manager.HttpFilters.SkipLast(1).Select(f => f.TypedConfig.Unpack<HttpRbac.RBAC>())];
    }

    private static FilterChain Chain(Translated translated) => Assert.Single(translated.Listener(Any).FilterChains);

    private static Translated Server(string yaml) => TestMesh.With(yaml).For(TestMesh.Proxyless("app", "app=b") with
    {
        BindAddress = "10.0.0.2",
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 8080),
    });

    private static string Authentication(string mode) => $$"""
        { kind: PeerAuthentication, apiVersion: security.istio.io/v1, metadata: { name: p, namespace: app },
          spec: { selector: { matchLabels: { app: b } }, mtls: { mode: {{mode}} } } }
        """;

    private static string Policy(string name, string spec) => $$"""
        ---
        { kind: AuthorizationPolicy, apiVersion: security.istio.io/v1, metadata: { name: {{name}}, namespace: app },
          spec: { selector: { matchLabels: { app: b } }, {{spec}} } }

        """;
}
