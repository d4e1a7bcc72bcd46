using MeshOrleans.Testing;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>RequestAuthentications, and the tokens that requests bear.</summary>
internal static class DrawnTokens
{
    private const string Other = "https://other.example";

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private static readonly string Good = Signed($$"""{"iss":"{{TestIssuer.Name}}","sub":"alice","aud":"shop","role":"admin","groups":["g1","g2"],{{Until(1)}}}""");

    private static readonly string[] Tokens =
    [
        Good,
        Signed($$"""{"iss":"{{TestIssuer.Name}}","sub":"bob","aud":["shop","x"],"role":"user","team":{"name":"a"},{{Until(1)}}}"""),
        Signed($$"""{"iss":"{{TestIssuer.Name}}","sub":"alice","aud":"bank","role":"admin",{{Until(1)}}}"""),
        Signed($$"""{"iss":"{{TestIssuer.Name}}","sub":"alice","aud":"shop","role":"admin",{{Until(-1)}}}"""),
        Signed($$"""{"iss":"{{Other}}","sub":"alice","aud":"shop","role":"admin",{{Until(1)}}}"""),
        Signed($$"""{"iss":"{{TestIssuer.Name}}","sub":"alice","role":"admin, user",{{Until(1)}}}"""),
        Signed("""{"sub":"alice"}"""),
        Good[..^6] + "AAAAAA",
        "not.a.token",
        "",
    ];

    /// <summary>A RequestAuthentication.</summary>
    public static string RequestAuthentication(Draw draw, string name)
    {
        var ns = draw.One("app", "app", "other", "istio-system");
        var app = ns switch { "app" => draw.One("a", "b", "b"), "other" => "o", _ => "gateway" };
        var selector = draw.Hits(80) ? $"selector: {{matchLabels: {{app: {app}}}}}, " : "";
        return $$$"""{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: {{{name}}}, namespace: {{{ns}}}}, spec: {{{{selector}}}jwtRules: [{{{Rule(draw)}}}]}}""";
    }

    /// <summary>The lines by which a request shows one.</summary>
    public static IEnumerable<(string Name, string Value)> Lines(Draw draw)
    {
        var token = draw.One(Tokens);
        yield return draw.One(
            ("authorization", $"Bearer {token}"), ("authorization", $"Bearer {token}"), ("Authorization", $"bearer  {token}"),
            ("authorization", $"Basic {token}"), ("x-token", token), ("x-token", $"t-{token}"));
        if (draw.Hits(10)) yield return ("authorization", $"Bearer {draw.One(Tokens)}");
        if (draw.Hits(15)) yield return (draw.One("x-sub", "X_Sub"), "alice");
    }

    private static string Rule(Draw draw) => "{" + string.Join(", ", new[]
    {
        $"issuer: \"{draw.One(TestIssuer.Name, TestIssuer.Name, TestIssuer.Name, Other)}\"",
        $"jwks: '{TestIssuer.KeySet}'",
        draw.Perhaps(50, () => "audiences: [shop]"),
        draw.Perhaps(20, () => $"fromHeaders: [{{name: x-token{draw.Perhaps(50, () => ", prefix: \"t-\"")}}}]"),
        draw.Perhaps(40, () => "outputClaimToHeaders: [{header: x-sub, claim: sub}]"),
        draw.Perhaps(20, () => "outputPayloadToHeader: x-payload"),
        draw.Perhaps(30, () => "forwardOriginalToken: true"),
    }.Where(text => text.Length > 0)) + "}";

    private static string Until(int hours) => $"\"exp\":{Now.AddHours(hours).ToUnixTimeSeconds()}";

    private static string Signed(string claims) => TestIssuer.Sign("ES256", claims);
}
