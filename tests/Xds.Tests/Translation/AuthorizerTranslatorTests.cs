using MeshOrleans.Xds.Protocol.ExtAuthz;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Tests.Translation.Edge;
using MeshOrleans.Xds.Translation.Checks;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>Whom a proxy is told to ask about what CUSTOM policies match (behaviour row 82).</summary>
public sealed class AuthorizerTranslatorTests
{
    private const string Mesh = """
        {kind: MeshConfig, apiVersion: mesh.orleans.io/v1, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [
          {name: web, envoyExtAuthzHttp: {service: other/authz.example, port: 8000, timeout: 2s, failOpen: true, statusOnError: "503", pathPrefix: /check,
            includeRequestHeadersInCheck: [x-a, x-b*], includeAdditionalHeadersInCheck: {x-from: mesh}, includeRequestBodyInCheck: {maxRequestBytes: 100, allowPartialMessage: true},
            headersToUpstreamOnAllow: [x-user], headersToDownstreamOnDeny: ["*-why"], headersToDownstreamOnAllow: [x-s]}},
          {name: rpc, envoyExtAuthzGrpc: {service: authz.example, port: 9000}},
          {name: lost, envoyExtAuthzGrpc: {service: nowhere.example, port: 9000}},
          {name: shut, envoyExtAuthzGrpc: {service: authz.example, port: 1}}]}}
        ---
        {kind: ServiceEntry, apiVersion: networking.istio.io/v1, metadata: {name: authz, namespace: other}, spec: {hosts: [authz.example], resolution: STATIC, ports: [{number: 8000, name: http, protocol: HTTP}, {number: 9000, name: grpc, protocol: GRPC}], endpoints: [{address: 10.8.0.1}]}}
        """;

    private const string Narrow =
        "\n---\n{kind: Sidecar, apiVersion: networking.istio.io/v1, metadata: {name: default, namespace: app}, spec: {egress: [{hosts: [\"./b.app.svc.cluster.local\"]}]}}";

    private const string Tokens =
        "\n---\n{kind: RequestAuthentication, apiVersion: security.istio.io/v1, metadata: {name: t, namespace: app}, spec: {jwtRules: [{issuer: i, jwks: '{\"keys\":[]}'}]}}";

    [Fact]
    public void An_HTTP_authorizer_stands_in_front_of_everything_as_istiod_writes_it()
    {
        var got = TestMesh.With(Mesh + Policy("ask", "web") + Tokens + Narrow).For("app", "app=b");

        var filters = got.Manager(8080).HttpFilters;
        var question = filters[0].TypedConfig.Unpack<HttpRbac.RBAC>();
        Assert.Null(question.Rules);
        Assert.Equal("istio_ext_authz_", question.ShadowRulesStatPrefix);
        Assert.Equal(RBAC.Types.Action.Deny, question.ShadowRules.Action);
        Assert.Equal("istio-ext-authz-web-ns[app]-policy[ask]-rule[0]", Assert.Single(question.ShadowRules.Policies).Key);
        var ask = filters[1].TypedConfig.Unpack<ExtAuthz>();
        Assert.Equal("istio_ext_authz_shadow_effective_policy_id", Assert.Single(ask.FilterEnabledMetadata.Path).Key);
        Assert.Equal(
            ("envoy.filters.http.rbac", "istio-ext-authz-web"),
            (ask.FilterEnabledMetadata.Filter, ask.FilterEnabledMetadata.Value.StringMatch.Prefix));
        Assert.Equal((true, 503, 100u, true), (
            ask.FailureModeAllow, ask.StatusOnError.Code, ask.WithRequestBody.MaxRequestBytes, ask.WithRequestBody.AllowPartialMessage));
        var http = ask.HttpService;
        Assert.Equal(
            ("outbound|8000||authz.example", 2L, "/check"),
            (http.ServerUri.Cluster, http.ServerUri.Timeout.Seconds, http.PathPrefix));
        Assert.Equal(["x-a", "x-b"], ask.AllowedHeaders.Patterns.Select(p => p.Exact + p.Prefix));
        Assert.Equal("-why", Assert.Single(http.AuthorizationResponse.AllowedClientHeaders.Patterns).Suffix);
        Assert.Equal("x-user", Assert.Single(http.AuthorizationResponse.AllowedUpstreamHeaders.Patterns).Exact);
        Assert.Equal("x-s", Assert.Single(http.AuthorizationResponse.AllowedClientHeadersOnSuccess.Patterns).Exact);
        Assert.Equal("mesh", Assert.Single(http.AuthorizationRequest.HeadersToAdd).Value);
        Assert.True(filters[2].TypedConfig.Is(JwtAuthentication.Descriptor));
        Assert.Contains(got.Resources.Clusters.Resources, c => c.Name == "outbound|8000||authz.example"); // whatever is narrowed
    }

    [Fact]
    public void A_gRPC_authorizer_is_called_in_its_cluster()
    {
        var ask = Ask(Policy("ask", "rpc"))!;

        Assert.Equal(
            ("outbound|9000||authz.example", "authz.example", 600L, Protocol.Core.ApiVersion.V3),
            (ask.GrpcService.EnvoyGrpc.ClusterName, ask.GrpcService.EnvoyGrpc.Authority, ask.GrpcService.Timeout.Seconds,
                ask.TransportApiVersion));
        Assert.Equal((false, null, null), (ask.FailureModeAllow, ask.StatusOnError, ask.WithRequestBody));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("lost")]
    [InlineData("shut")]
    [InlineData("web", "rpc")] // one provider for a workload
    public void Where_nobody_can_be_asked_what_is_matched_is_refused(params string[] providers)
    {
        var yaml = string.Concat(providers.Select((p, i) => Policy($"ask{i}", p)));
        var filters = TestMesh.With(Mesh + yaml).For("app", "app=b").Manager(8080).HttpFilters;

        Assert.DoesNotContain(filters, f => f.TypedConfig.Is(ExtAuthz.Descriptor));
        var rules = Assert.Single(filters, f => f.TypedConfig.Is(HttpRbac.RBAC.Descriptor)).TypedConfig.Unpack<HttpRbac.RBAC>().Rules;
        Assert.Equal((RBAC.Types.Action.Deny, providers.Length), (rules.Action, rules.Policies.Count));
    }

    [Theory]
    [InlineData("other/authz.example", "x", true)]
    [InlineData("authz.example", "x", true)] // the only one
    [InlineData("authz.example", "istio-system other2", true)] // that of the root namespace
    [InlineData("authz.example", "istio-system app", false)] // of which the workload sees another
    [InlineData("other/authz.example", "x app", false)] // whoever makes one for himself does not become the authorizer
    [InlineData("authz.example", "other2", false)] // which of two is not said
    [InlineData("other3/authz.example", "x", false)]
    public void The_service_is_that_of_the_namespace_that_is_named(string service, string more, bool isAsked)
    {
        var others = string.Concat(more.Split(' ').Where(ns => ns is not "x").Select(ns =>
            $"\n---\n{{kind: ServiceEntry, apiVersion: networking.istio.io/v1, metadata: {{name: authz, namespace: {ns}}}, spec: {{hosts: [authz.example], resolution: STATIC, ports: [{{number: 8000, name: http, protocol: HTTP}}], endpoints: [{{address: 10.8.0.9}}]}}}}"));
        var yaml = Mesh.Replace("service: other/authz.example", $"service: {service}", StringComparison.Ordinal) + others + Policy("ask", "web");
        var filters = TestMesh.With(yaml).For("app", "app=b").Manager(8080).HttpFilters;

        Assert.Equal(isAsked, filters.Any(f => f.TypedConfig.Is(ExtAuthz.Descriptor)));
        Assert.Equal(
            !isAsked,
            filters.Any(f => f.TypedConfig.Is(HttpRbac.RBAC.Descriptor) && f.TypedConfig.Unpack<HttpRbac.RBAC>().Rules is not null));
    }

    [Fact]
    public void An_authorizer_is_not_asked_about_the_questions_to_it()
    {
        const string own =
            "{kind: MeshConfig, apiVersion: mesh.orleans.io/v1, metadata: {name: default, namespace: istio-system}, spec: {extensionProviders: [{name: web, envoyExtAuthzHttp: {service: other/c.other.svc.cluster.local, port: 80}}]}}";
        var mesh = TestMesh.With(own + Policy("ask", "web").Replace("namespace: app", "namespace: istio-system", StringComparison.Ordinal));

        Assert.Contains(mesh.For("app", "app=b").Manager(8080).HttpFilters, f => f.TypedConfig.Is(ExtAuthz.Descriptor));
        Assert.DoesNotContain(
            mesh.For("other", "app=c").Manager(8080).HttpFilters,
            f => f.TypedConfig.Is(ExtAuthz.Descriptor) || f.TypedConfig.Is(HttpRbac.RBAC.Descriptor));
    }

    [Theory]
    [InlineData("web", 1)] // as Istio: nobody is asked about connections
    [InlineData("rpc", 2)]
    [InlineData("nobody", 2)]
    public void On_a_port_of_bytes_nobody_is_asked(string provider, int filters) => Assert.Equal(
        filters,
        TestMesh.With(Mesh + Policy("ask", provider)).For("app", "app=b").Listener("virtualInbound").FilterChains
            .First(c => c.FilterChainMatch.DestinationPort == 9000).Filters.Count);

    [Fact]
    public void Gateways_ask_too_and_a_stock_Envoy_takes_it()
    {
        const string gateway =
            "\n---\n{kind: Gateway, apiVersion: networking.istio.io/v1, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"]}]}}";
        var policy = Policy("ask", "web").Replace("namespace: app", "namespace: istio-system", StringComparison.Ordinal);
        var mesh = TestMesh.With(Mesh + policy + gateway);

        var edge = mesh.For(EdgeMesh.Gateway).Listener("0.0.0.0_80").FilterChains.Single().Filters[^1].TypedConfig
            .Unpack<HttpConnectionManager>();
        Assert.True(edge.HttpFilters[1].TypedConfig.Is(ExtAuthz.Descriptor));
        var envoy = mesh.For(TestMesh.Envoy("app", "app=b"));
        Assert.Empty(EnvoyCheck.Violations(envoy.Resources));
        var managers = envoy.Listener("virtualInbound").FilterChains.Select(c => c.Filters[^1].TypedConfig)
            .Where(any => any.Is(HttpConnectionManager.Descriptor))
            .Select(any => any.Unpack<HttpConnectionManager>())
            .ToList();
        Assert.NotEmpty(managers);
        Assert.All(managers, manager => Assert.True(manager.HttpFilters[1].TypedConfig.Is(ExtAuthz.Descriptor)));
    }

    private static ExtAuthz? Ask(string yaml) => TestMesh.With(Mesh + yaml).For("app", "app=b").Manager(8080).HttpFilters
        .FirstOrDefault(f => f.TypedConfig.Is(ExtAuthz.Descriptor))?.TypedConfig.Unpack<ExtAuthz>();

    private static string Policy(string name, string provider) =>
        $"\n---\n{{kind: AuthorizationPolicy, apiVersion: security.istio.io/v1, metadata: {{name: {name}, namespace: app}}, spec: {{action: CUSTOM, provider: {{name: {provider}}}, rules: [{{to: [{{operation: {{paths: [/ask*]}}}}]}}]}}}}";
}
