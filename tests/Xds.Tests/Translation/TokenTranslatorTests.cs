using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Jwt;
using MeshOrleans.Xds.Translation.Index;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class TokenTranslatorTests
{
    private const string Keys = """'{"keys":[]}'""";

    [Fact]
    public void Without_a_rule_there_is_no_filter()
    {
        Assert.Null(Filter(""));
        Assert.Null(Filter(Policy("none", "{ selector: { matchLabels: { app: b } } }")));
    }

    [Fact]
    public void A_rule_becomes_a_provider_whose_token_may_be_missing_but_not_wrong()
    {
        var filter = Filter(Policy("jwt", $$"""
            { selector: { matchLabels: { app: b } }, jwtRules: [ { issuer: i, audiences: [a], jwks: {{Keys}}, fromHeaders: [ { name: x, prefix: "p " } ],
              fromParams: [q], fromCookies: [c], forwardOriginalToken: true, outputPayloadToHeader: x-jwt,
              outputClaimToHeaders: [ { header: x-sub, claim: sub } ], spaceDelimitedClaims: [roles, scope] } ] }
            """))!;

        var provider = filter.Providers["origins-0"];
        Assert.Equal(("i", "{\"keys\":[]}", true), (provider.Issuer, provider.LocalJwks.InlineString, provider.Forward));
        Assert.Equal(["a"], provider.Audiences);
        Assert.Equal(("x", "p "), (provider.FromHeaders.Single().Name, provider.FromHeaders.Single().ValuePrefix));
        Assert.Equal(["q", "c"], provider.FromParams.Concat(provider.FromCookies));
        Assert.Equal(("x-jwt", "payload"), (provider.ForwardPayloadHeader, provider.PayloadInMetadata));
        Assert.Equal(("x-sub", "sub"), (provider.ClaimToHeaders.Single().HeaderName, provider.ClaimToHeaders.Single().ClaimName));
        Assert.Equal(["scope", "permission", "roles"], provider.NormalizePayloadInMetadata.SpaceDelimitedClaims);
        Assert.True(filter.BypassCorsPreflight);
        var rule = Assert.Single(filter.Rules);
        Assert.Equal("/", rule.Match.Prefix);
        Assert.Equal("origins-0", rule.Requires.RequiresAny.Requirements[0].ProviderName);
        Assert.NotNull(rule.Requires.RequiresAny.Requirements[1].AllowMissing);
    }

    [Fact]
    public void Rules_of_all_policies_are_united_and_ordered_by_issuer()
    {
        var filter = Filter(
            Policy("z", $"{{ jwtRules: [ {{ issuer: c, jwks: {Keys} }}, {{ issuer: a, jwks: {Keys} }} ] }}")
            + Policy("root", $"{{ jwtRules: [ {{ issuer: b, jwks: {Keys} }} ] }}", "istio-system")
            + Policy("elsewhere", $"{{ jwtRules: [ {{ issuer: d, jwks: {Keys} }} ] }}", "other")
            + Policy("others", $"{{ selector: {{ matchLabels: {{ app: a }} }}, jwtRules: [ {{ issuer: e, jwks: {Keys} }} ] }}"))!;

        Assert.Equal(["a", "b", "c"], filter.Providers.OrderBy(p => p.Key).Select(p => p.Value.Issuer));
        Assert.Equal(["origins-0", "origins-1", "origins-2"], TokenRequirements.ProvidersOf(filter.Rules.Single()));
        var any = filter.Rules.Single().Requires.RequiresAny.Requirements;
        Assert.Equal(4, any.Count);
        Assert.Equal(3, any[3].RequiresAll.Requirements.Count);
    }

    [Fact]
    public void Keys_are_bounded_in_all_and_those_of_the_oldest_policies_are_handed_out()
    {
        var large = $"'{{\"keys\":[],\"pad\":\"{new string('a', 150 * 1024)}\"}}'";
        var filter = Filter(
            Policy("z-older", $"{{ jwtRules: [ {{ issuer: a, jwks: {large} }} ] }}", "istio-system")
            + Policy("a-younger", $"{{ jwtRules: [ {{ issuer: b, jwks: {large} }}, {{ issuer: c, jwks: {Keys} }} ] }}")
            + Policy("others", $"{{ selector: {{ matchLabels: {{ app: a }} }}, jwtRules: [ {{ issuer: e, jwks: {large} }} ] }}"))!;

        Assert.Equal(
            [("a", true), ("b", false), ("c", false)],
            filter.Providers.OrderBy(p => p.Key).Select(p => (p.Value.Issuer, p.Value.LocalJwks.InlineString.Length > 150 * 1024)));
        Assert.Equal("""{"keys":[]}""", filter.Providers["origins-1"].LocalJwks.InlineString);
    }

    [Fact]
    public void The_filter_stands_before_access_control()
    {
        var filters = TestMesh.With(
            Policy("jwt", $"{{ jwtRules: [ {{ issuer: a, jwks: {Keys} }} ] }}")
            + """

            ---
            kind: AuthorizationPolicy
            apiVersion: security.istio.io/v1
            metadata: { name: p, namespace: app }
            spec: { rules: [ { from: [ { source: { requestPrincipals: ["*"] } } ] } ] }

            """).For("app", "app=b").Manager(8080).HttpFilters;

        Assert.True(filters[0].TypedConfig.Is(JwtAuthentication.Descriptor));
        Assert.True(filters[1].TypedConfig.Is(HttpRbac.RBAC.Descriptor));
    }

    [Theory]
    [InlineData("issuer: i, jwksUri: \"https://k.example/jwks\"", "https://k.example/jwks")]
    [InlineData("issuer: \"https://i.example\"", "https://i.example/.well-known/openid-configuration")]
    public void Keys_that_were_fetched_go_into_the_rule_and_until_then_there_are_none(string rule, string address)
    {
        const string keys = """{"keys":[{}]}""";
        var mesh = TestMesh.With(Policy("jwt", $"{{ jwtRules: [ {{ {rule} }} ] }}"));
        var index = MeshIndex.Of(mesh.Snapshot);
        var fetched = mesh.Snapshot.Put($"keyset/{address}", keys);

        Assert.Equal("""{"keys":[]}""", KeysOf(mesh));
        Assert.Equal(keys, KeysOf(new TestMesh(fetched)));
        Assert.Equal("""{"keys":[]}""", KeysOf(new TestMesh(fetched.Remove($"keyset/{address}"))));
        Assert.NotSame(index, index.After(fetched, MeshChange.Of($"keyset/{address}")));
        Assert.True(MeshChange.Of($"issuer/{address}").IsEmpty);
    }

    [Fact]
    public void Any_other_requirement_is_not_taken_for_ours()
    {
        var rule = TokenRequirements.For(["a", "b"]);
        rule.Requires.RequiresAny.Requirements.RemoveAt(2);

        Assert.Empty(TokenRequirements.ProvidersOf(rule));
        Assert.Empty(TokenRequirements.ProvidersOf(new RequirementRule()));
        Assert.Equal(["a"], TokenRequirements.ProvidersOf(TokenRequirements.For(["a"])));
    }

    private static string KeysOf(TestMesh mesh) => Filter(mesh)!.Providers["origins-0"].LocalJwks.InlineString;

    private static JwtAuthentication? Filter(string yaml) => Filter(TestMesh.With(yaml));

    private static JwtAuthentication? Filter(TestMesh mesh) =>
        mesh.For("app", "app=b").Manager(8080).HttpFilters
            .Where(f => f.TypedConfig.Is(JwtAuthentication.Descriptor))
            .Select(f => f.TypedConfig.Unpack<JwtAuthentication>())
            .SingleOrDefault();

    private static string Policy(string name, string spec, string ns = "app") => $$"""

        ---
        kind: RequestAuthentication
        apiVersion: security.istio.io/v1
        metadata: { name: {{name}}, namespace: {{ns}} }
        spec: {{spec.ReplaceLineEndings(" ")}}

        """;
}
