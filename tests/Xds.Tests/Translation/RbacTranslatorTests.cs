using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.UriTemplate;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;
using NetworkRbac = MeshOrleans.Xds.Protocol.NetworkRbac;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class RbacTranslatorTests
{
    [Fact]
    public void Without_a_policy_there_is_no_filter() => Assert.Empty(Filters(""));

    [Fact]
    public void DENY_comes_before_ALLOW_and_rules_carry_their_names()
    {
        var filters = Filters(
            Policy("allow", """rules: [ { from: [ { source: { principals: ["cluster.local/ns/app/sa/a"] } } ], to: [ { operation: { methods: [GET], paths: ["/allow*"] } } ] } ]""")
            + Policy("deny", """{ action: DENY, rules: [ { to: [ { operation: { paths: ["/allow/admin"] } } ] } ] }"""));

        Assert.Equal([RBAC.Types.Action.Deny, RBAC.Types.Action.Allow], filters.Select(f => f.Rules.Action));
        var (name, policy) = Assert.Single(filters[1].Rules.Policies);
        Assert.Equal("ns[app]-policy[allow]-rule[0]", name);
        Assert.Equal("spiffe://cluster.local/ns/app/sa/a", Assert.Single(policy.Principals).Authenticated.PrincipalName.Exact);
        var rules = Assert.Single(policy.Permissions).AndRules.Rules;
        Assert.Equal((":method", "GET"), (rules[0].Header.Name, rules[0].Header.StringMatch.Exact));
        Assert.Equal("/allow", rules[1].UrlPath.Path.Prefix);
    }

    [Fact]
    public void An_empty_policy_refuses_everything_and_an_empty_rule_matches_everything()
    {
        Assert.Empty(Assert.Single(Filters(Policy("nothing", "{}"))).Rules.Policies);

        var all = Assert.Single(Assert.Single(Filters(Policy("all", "{ rules: [ {} ] }"))).Rules.Policies.Values);
        Assert.True(all.Permissions[0].Any);
        Assert.True(all.Principals[0].Any);
    }

    [Fact]
    public void A_DENY_policy_without_rules_says_nothing() =>
        Assert.Empty(Filters(Policy("nothing", "{ action: DENY }")));

    [Fact]
    public void Policies_of_the_root_namespace_hold_everywhere_and_selectors_are_respected()
    {
        var yaml = Policy("mesh", "{ rules: [ {} ] }", "istio-system")
            + Policy("other", "{ selector: { matchLabels: { app: c } }, rules: [ {} ] }")
            + Policy("elsewhere", "{ rules: [ {} ] }", "other");

        Assert.Equal(["ns[istio-system]-policy[mesh]-rule[0]"], Assert.Single(Filters(yaml)).Rules.Policies.Keys);
    }

    [Theory]
    [InlineData("principals: ['*']", "authenticated .+")]
    [InlineData("principals: ['cluster.local/ns/app/*']", "authenticated spiffe://cluster.local/ns/app/*")]
    [InlineData("principals: ['*/sa/a']", "authenticated */sa/a")]
    [InlineData("notPrincipals: ['*']", "not(authenticated .+)")]
    [InlineData("namespaces: ['a.b']", @"authenticated spiffe://[^/]+/ns/a\.b/.+")]
    [InlineData("serviceAccounts: [x, other/y]", "or(authenticated spiffe://[^/]+/ns/app/sa/x authenticated spiffe://[^/]+/ns/other/sa/y)")]
    [InlineData("ipBlocks: ['10.0.0.0/8', '::1']", "or(direct 10.0.0.0/8 direct ::1/128)")]
    [InlineData("remoteIpBlocks: ['10.0.0.7']", "remote 10.0.0.7/32")]
    [InlineData("requestPrincipals: ['*']", "and(iss=.+ sub=.+)")]
    [InlineData("requestPrincipals: ['iss1/sub1']", "and(iss=iss1 sub=sub1)")]
    [InlineData("requestPrincipals: ['https://i.example/x/sub1']", "or(and(iss=https: sub=/i.example/x/sub1) and(iss=https:/ sub=i.example/x/sub1) and(iss=https://i.example sub=x/sub1) and(iss=https://i.example/x sub=sub1))")]
    [InlineData("requestPrincipals: ['https://i.example/*']", "or(and(iss=https: sub=/i.example/*) and(iss=https:/ sub=i.example/*) and(iss=https://i.example sub=.+) and(iss=https://i.example/* sub=.+))")]
    [InlineData("requestPrincipals: ['iss/ad*']", "or(and(iss=iss sub=ad*) and(iss=iss/ad* sub=.+))")]
    [InlineData("requestPrincipals: ['*/sub1']", "or(and(iss=.+ sub=sub1) and(iss=.+ sub=*/sub1))")]
    [InlineData("requestPrincipals: ['*.example/sub1']", "or(and(iss=*.example sub=sub1) and(iss=.+ sub=*.example/sub1))")]
    [InlineData("requestPrincipals: ['*min']", "and(iss=.+ sub=*min)")]
    [InlineData("requestPrincipals: ['https*']", "and(iss=https* sub=.+)")]
    [InlineData("notRequestPrincipals: ['*']", "not(and(iss=.+ sub=.+))")]
    [InlineData("namespaces: [x], notIpBlocks: ['10.0.0.7']", "and(authenticated spiffe://[^/]+/ns/x/.+ not(direct 10.0.0.7/32))")]
    public void Sources_are_read(string source, string expected)
    {
        var filters = Filters(Policy("p", $"{{ rules: [ {{ from: [ {{ source: {{ {source} }} }} ] }} ] }}"));

        Assert.Equal(expected, Text(Assert.Single(Assert.Single(filters).Rules.Policies.Values).Principals[0]));
    }

    [Theory]
    [InlineData("hosts: ['a.com', 'a.com:*']", "or(:authority=a.com~ :authority=a.com:*~)")]
    [InlineData("ports: ['8080'], notMethods: [POST]", "and(port 8080 not(:method=POST))")]
    [InlineData("paths: ['/a/{*}/c/{**}']", "template /a/*/c/**")]
    [InlineData("paths: ['/{*}/{**}/c/end']", "template /*/**/c/end")]
    [InlineData("paths: ['*']", "path .+")]
    [InlineData("notPaths: ['*.html']", "not(path *.html)")]
    public void Operations_are_read(string operation, string expected)
    {
        var filters = Filters(Policy("p", $"{{ rules: [ {{ to: [ {{ operation: {{ {operation} }} }} ] }} ] }}"));

        Assert.Equal(expected, Text(Assert.Single(Assert.Single(filters).Rules.Policies.Values).Permissions[0]));
    }

    [Theory]
    [InlineData("request.headers[X-Token]", "['*']", "present x-token", "any")]
    [InlineData("request.auth.principal", "['i/s']", "and(iss=i sub=s)", "any")]
    [InlineData("request.auth.audiences", "[x]", "aud~x", "any")]
    [InlineData("request.auth.presenter", "['x*']", "azp~x*", "any")]
    [InlineData("request.auth.claims[groups]", "[g1, g2]", "or(groups~g1 groups~g2)", "any")]
    [InlineData("request.auth.claims[a][b.c]", "['*']", "a/b.c~.+", "any")]
    [InlineData("source.namespace", "[x]", "authenticated spiffe://[^/]+/ns/x/.+", "any")]
    [InlineData("destination.port", "['8080']", "any", "port 8080")]
    [InlineData("connection.sni", "['*.example']", "any", "sni *.example")]
    public void Conditions_are_read(string key, string values, string principal, string permission)
    {
        var filters = Filters(Policy("p", $"{{ rules: [ {{ when: [ {{ key: '{key}', values: {values} }} ] }} ] }}"));

        var policy = Assert.Single(Assert.Single(filters).Rules.Policies.Values);
        Assert.Equal((principal, permission), (Text(policy.Principals[0]), Text(policy.Permissions[0])));
    }

    [Fact]
    public void A_policy_on_trial_is_evaluated_and_not_enforced()
    {
        var filter = Assert.Single(Filters(Policy("p", "{ action: DENY, rules: [ {} ] }", annotations: "{ istio.io/dry-run: 'true' }")));

        Assert.Null(filter.Rules);
        Assert.Equal(RBAC.Types.Action.Deny, filter.ShadowRules.Action);
        Assert.Equal("istio_dry_run_deny_", filter.ShadowRulesStatPrefix);
    }

    [Fact]
    public void An_unknown_authorizer_refuses_and_an_audit_decides_nothing()
    {
        var filters = Filters(
            Policy("custom", "{ action: CUSTOM, provider: { name: nobody }, rules: [ {} ] }") + Policy("audit", "{ action: AUDIT, rules: [ {} ] }"));

        Assert.Equal([RBAC.Types.Action.Deny, RBAC.Types.Action.Log], filters.Select(f => f.Rules.Action));
    }

    [Fact]
    public void On_a_TCP_port_ALLOW_rules_on_requests_vanish_and_DENY_rules_get_wider()
    {
        var chain = TestMesh.With(
            Policy("allow", "{ rules: [ { to: [ { operation: { methods: [GET] } } ] }, { from: [ { source: { namespaces: [x] } } ] } ] }")
            + Policy("deny", "{ action: DENY, rules: [ { to: [ { operation: { methods: [GET], ports: ['9000'] } } ] } ] }"))
            .For("app", "app=b").Chains(9000)[0];

        var filters = chain.Filters.SkipLast(1).Select(f => f.TypedConfig.Unpack<NetworkRbac.RBAC>()).ToList();
        Assert.Equal("port 9000", Text(Assert.Single(filters[0].Rules.Policies.Values).Permissions[0]));
        Assert.Equal(["ns[app]-policy[allow]-rule[1]"], filters[1].Rules.Policies.Keys);
        Assert.True(chain.Filters[^1].TypedConfig.Is(TcpProxy.Descriptor));
    }

    private static List<HttpRbac.RBAC> Filters(string yaml) =>
        [.. TestMesh.With(yaml).For("app", "app=b").Manager(8080).HttpFilters
            .Where(f => f.TypedConfig.Is(HttpRbac.RBAC.Descriptor))
            .Select(f => f.TypedConfig.Unpack<HttpRbac.RBAC>())];

    private static string Policy(string name, string spec, string ns = "app", string annotations = "{}") => $$"""

        ---
        kind: AuthorizationPolicy
        apiVersion: security.istio.io/v1
        metadata: { name: {{name}}, namespace: {{ns}}, annotations: {{annotations}} }
        spec: {{(spec.StartsWith('{') ? spec : "{ " + spec + " }")}}

        """;

    private static string Text(Protocol.Matcher.StringMatcher matcher) => matcher.MatchPatternCase switch
    {
        Protocol.Matcher.StringMatcher.MatchPatternOneofCase.Exact => matcher.Exact,
        Protocol.Matcher.StringMatcher.MatchPatternOneofCase.Prefix => matcher.Prefix + "*",
        Protocol.Matcher.StringMatcher.MatchPatternOneofCase.Suffix => "*" + matcher.Suffix,
        _ => matcher.SafeRegex.Regex,
    } + (matcher.IgnoreCase ? "~" : "");

    private static string Text(Protocol.Matcher.MetadataMatcher matcher)
    {
        Assert.Equal("envoy.filters.http.jwt_authn", matcher.Filter);
        Assert.Equal("payload", matcher.Path[0].Key);
        var path = string.Join('/', matcher.Path.Skip(1).Select(segment => segment.Key));
        if (matcher.Value.OrMatch is not { } either) return $"{path}={Text(matcher.Value.StringMatch)}";
        Assert.Equal(either.ValueMatchers[0], either.ValueMatchers[1].ListMatch.OneOf);
        return $"{path}~{Text(either.ValueMatchers[0].StringMatch)}";
    }

    private static string Text(Principal principal) => principal.IdentifierCase switch
    {
        Principal.IdentifierOneofCase.AndIds => $"and({string.Join(' ', principal.AndIds.Ids.Select(Text))})",
        Principal.IdentifierOneofCase.OrIds => $"or({string.Join(' ', principal.OrIds.Ids.Select(Text))})",
        Principal.IdentifierOneofCase.NotId => $"not({Text(principal.NotId)})",
        Principal.IdentifierOneofCase.Authenticated => $"authenticated {Text(principal.Authenticated.PrincipalName)}",
        Principal.IdentifierOneofCase.DirectRemoteIp => $"direct {principal.DirectRemoteIp.AddressPrefix}/{principal.DirectRemoteIp.PrefixLen}",
        Principal.IdentifierOneofCase.RemoteIp => $"remote {principal.RemoteIp.AddressPrefix}/{principal.RemoteIp.PrefixLen}",
        Principal.IdentifierOneofCase.Header => $"present {principal.Header.Name}",
        Principal.IdentifierOneofCase.Metadata => Text(principal.Metadata),
        Principal.IdentifierOneofCase.Any => "any",
        _ => principal.ToString(),
    };

    private static string Text(Permission permission) => permission.RuleCase switch
    {
        Permission.RuleOneofCase.AndRules => $"and({string.Join(' ', permission.AndRules.Rules.Select(Text))})",
        Permission.RuleOneofCase.OrRules => $"or({string.Join(' ', permission.OrRules.Rules.Select(Text))})",
        Permission.RuleOneofCase.NotRule => $"not({Text(permission.NotRule)})",
        Permission.RuleOneofCase.Header => $"{permission.Header.Name}={Text(permission.Header.StringMatch)}",
        Permission.RuleOneofCase.DestinationPort => $"port {permission.DestinationPort}",
        Permission.RuleOneofCase.UrlPath => $"path {Text(permission.UrlPath.Path)}",
        Permission.RuleOneofCase.UriTemplate => $"template {permission.UriTemplate.TypedConfig.Unpack<UriTemplateMatchConfig>().PathTemplate}",
        Permission.RuleOneofCase.RequestedServerName => $"sni {Text(permission.RequestedServerName)}",
        Permission.RuleOneofCase.Any => "any",
        _ => permission.ToString(),
    };
}
