using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>What explain says, beside what real sidecars do with the very same requests.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class ExplainTests(ConformanceMesh mesh)
{
    private const string Api = "apiVersion: networking.istio.io/v1, kind: VirtualService";

    private const string Rules =
        $$$$"""
        {{{{{Api}}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [
          {name: fault, match: [{uri: {prefix: /fault}}], fault: {abort: {percentage: {value: 100}, httpStatus: 507}}, route: [{destination: {host: b}}]},
          {name: moved, match: [{uri: {exact: /moved}}], redirect: {uri: /new, redirectCode: 307}},
          {name: direct, match: [{uri: {prefix: /direct}}], directResponse: {status: 418, body: {string: tea}}},
          {name: vip, match: [{uri: {prefix: /api}, headers: {user-type: {exact: vip}}}], route: [{destination: {host: b, subset: v2}}]},
          {name: lost, match: [{uri: {prefix: /lost}}], route: [{destination: {host: b, subset: v9}}]},
          {name: canary, match: [{uri: {prefix: /api}, queryParams: {canary: {exact: "1"}}}], route: [{destination: {host: b, subset: v2}}]},
          {name: old, match: [{uri: {prefix: /old}, method: {exact: GET}}], rewrite: {uri: /api}, headers: {request: {set: {x-color: blue}}}, route: [{destination: {host: b, subset: v1}}]},
          {name: app, match: [{uri: {regex: "/(api|admin|color).*"}}], route: [{destination: {host: b, subset: v1}}]}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
        ---
        {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: c, namespace: app}, spec: {host: c, trafficPolicy: {tls: {mode: DISABLE}} }}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, mtls: {mode: STRICT}}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: b-deny, namespace: app}, spec: {selector: {matchLabels: {app: b}}, action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}]}, {from: [{source: {namespaces: [other]}}], to: [{operation: {methods: [POST]}}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: b-allow, namespace: app}, spec: {selector: {matchLabels: {app: b}}, rules: [{to: [{operation: {paths: [/api*]}}]}, {to: [{operation: {paths: [/color*]}}], when: [{key: "request.headers[x-color]", values: [blue, "green*"]}]}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: d-allow, namespace: other}, spec: {selector: {matchLabels: {app: d}}, rules: [{from: [{source: {principals: [cluster.local/ns/other/sa/o]}}]}]}}
        """;

    private const string Preflights =
        $$$$"""

        ---
        {{{{{Api}}}}, metadata: {name: c, namespace: app}, spec: {hosts: [c], http: [{match: [{uri: {prefix: /shared}}], corsPolicy: {allowOrigins: [{exact: "http://shop.example"}], allowMethods: [GET]}, directResponse: {status: 206}}, {route: [{destination: {host: c}}]}]}}
        """;

    // who, method, url, header, the status that both must say, and what decides
    private static readonly (string From, string Method, string Url, string Header, int Status, string Outcome)[] Requests =
    [
        ("a", "GET", "http://b/api", "", 200, "Forwarded"),
        ("a", "GET", "http://b/api", "user-type: vip", 200, "Forwarded"),
        ("a", "GET", "http://b/api", "user-type: other", 200, "Forwarded"),
        ("a", "GET", "http://b/api?canary=1", "", 200, "Forwarded"),
        ("a", "GET", "http://b/api?canary=11", "", 200, "Forwarded"),
        ("a", "GET", "http://b.app/api", "", 200, "Forwarded"),
        ("a", "GET", "http://b.app.svc.cluster.local/api/./x", "", 200, "Forwarded"),
        ("o", "GET", "http://b.app/api", "", 200, "Forwarded"),
        ("o", "POST", "http://b.app/api", "", 403, "Denied"),
        ("a", "POST", "http://b/api", "", 200, "Forwarded"),
        ("a", "GET", "http://b/admin", "", 403, "Denied"),
        ("a", "GET", "http://b/api/../admin", "", 403, "Denied"),
        ("a", "GET", "http://b/color", "", 403, "Denied"),
        ("a", "GET", "http://b/color", "x-color: blue", 200, "Forwarded"),
        ("a", "GET", "http://b/color", "x-color: greenish", 200, "Forwarded"),
        ("a", "GET", "http://b/color", "x-color: red", 403, "Denied"),
        ("a", "GET", "http://b/old/x", "", 200, "Forwarded"),
        ("a", "PUT", "http://b/old/x", "", 404, "NoRoute"),
        ("a", "GET", "http://b/none", "", 404, "NoRoute"),
        ("a", "GET", "http://b/fault/x", "", 507, "FaultInjected"),
        ("a", "GET", "http://b/moved", "", 307, "Redirected"),
        ("a", "GET", "http://b/moved/x", "", 404, "NoRoute"),
        ("a", "GET", "http://b/direct", "", 418, "Answered"),
        ("a", "GET", "http://b/lost", "", 503, "NoCluster"),
        ("a", "GET", "http://b/api%00x", "", 400, "BadRequest"),
        ("a", "GET", "http://c/", "", 503, "UpstreamFailed"),
        ("a", "GET", "http://d.other/", "", 403, "Denied"),
        ("o", "GET", "http://d/", "", 200, "Forwarded"),
    ];

    [Fact]
    public async Task Explain_says_of_every_request_what_the_sidecars_do_with_it()
    {
        await using var rules = await mesh.WithAsync(Rules);
        var wrong = new List<string>();

        foreach (var (from, method, url, header, status, outcome) in Requests)
        {
            var member = from == "a" ? mesh.A : mesh.O;
            (string, string)[] headers = header.Split(": ") is [var name, var value] ? [(name, value)] : [];
            var answer = await member.SendAsync(new HttpMethod(method), url, headers);
            var told = await ExplainAsync(member, method, url, header.Length > 0 ? [header] : []);
            var verdict = told.GetProperty("verdict");
            var said = (verdict.GetProperty("status").GetInt32(), Text(verdict, "outcome"));
            var version = Version(told);
            var isSame = answer.Code == status
                && said == (status, outcome)
                && verdict.GetProperty("isCertain").GetBoolean()
                && (status != 200 || version is null || version == answer.Version);
            if (!isSame)
            {
                wrong.Add($"{from} {method} {url} {header}: expected {status} {outcome}, sidecars {answer.Code} "
                    + $"{answer.Headers.GetValueOrDefault("x-echo-version")}, explain {said} {version} {Text(verdict, "reason")}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Explain_says_the_same_as_the_sidecars_of_every_combination()
    {
        await using var rules = await mesh.WithAsync(Rules + Preflights);
        string[] urls =
        [
            "http://b.app/api", "http://b.app/api?canary=1&x=2", "http://b.app/apix/../admin/y", "http://b.app//color", "http://b.app/old",
            "http://b.app/Old/x", "http://b.app/%61pi", "http://c.app/", "http://c.app/shared", "http://d.other/x?y",
        ];
        string[][] headers =
        [
            [], ["user-type: vip"], ["x-color: blue", "x-envoy-retry-on: 5xx"], ["x-color: GREEN", "user-type: VIP"],
            ["origin: http://shop.example", "access-control-request-method: GET"],
        ];
        var wrong = new List<string>();
        var seen = new SortedSet<string>(StringComparer.Ordinal);

        foreach (var member in new[] { mesh.A, mesh.O })
        {
            foreach (var method in new[] { "GET", "POST", "OPTIONS" })
            {
                foreach (var (url, sent) in urls.SelectMany(_ => headers, (url, sent) => (url, sent)))
                {
                    if (await DifferenceAsync(member, method, url, sent, seen) is { } difference) wrong.Add(difference);
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Superset(
            new SortedSet<string> { "Answered 200", "Answered 206", "Denied 403", "Forwarded 200", "NoRoute 404", "UpstreamFailed 503" },
            seen);
    }

    [Theory]
    [InlineData("STRICT", "", "Closed")]
    [InlineData("PERMISSIVE", "", "Forwarded")]
    [InlineData("PERMISSIVE", "HTTP/1.1 403", "Denied")]
    public async Task Explain_knows_what_becomes_of_plaintext(string mode, string heard, string outcome)
    {
        var callers = outcome == "Denied" ? "principals: [\"*\"]" : "notPrincipals: [x]";
        await using var rules = await mesh.WithAsync(
            $$$$"""
            {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, mtls: {mode: {{{{mode}}}}}}}
            ---
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: c, namespace: app}, spec: {selector: {matchLabels: {app: c}}, rules: [{from: [{source: { {{{{callers}}}} }}]}]}}
            """);

        var answer = await Plaintext.GetAsync(mesh.C.Address, mesh.C.InboundPort);
        using var response = await mesh.ControlPlane.Api.PostAsJsonAsync(
            "/v1/explain", new { from = "other/stranger", serviceAccount = "x", plaintext = true, to = "app/c" });
        var told = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("verdict");

        Assert.Equal(outcome, Text(told, "outcome"));
        if (outcome == "Closed") Assert.Equal("", answer);
        else Assert.StartsWith(heard.Length > 0 ? heard : "HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_share_that_explain_tells_is_the_share_that_is_measured()
    {
        await using var rules = await mesh.WithAsync(
            $$$$"""
            {{{{{Api}}}}, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{route: [{destination: {host: b, subset: v1}, weight: 80}, {destination: {host: b, subset: v2}, weight: 20}]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}}
            """);

        var told = await ExplainAsync(mesh.A, "GET", "http://b/", []);
        var counts = await mesh.A.CountAsync("http://b/", 500, answer => answer.Version);

        Assert.Equal([80.0, 20.0], told.GetProperty("clusters").EnumerateArray().Select(c => c.GetProperty("percent").GetDouble()));
        Assert.InRange(counts.GetValueOrDefault("v1"), 350, 450);
    }

    [Fact]
    public async Task A_question_that_makes_no_sense_is_refused_with_every_place()
    {
        using var response = await mesh.ControlPlane.Api.PostAsJsonAsync("/v1/explain", new { from = "app/none", to = "b b" });

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(["from", "to"], problem.GetProperty("errors").EnumerateArray().Select(e => Text(e, "path")));
    }

    // Null when both say the same; otherwise what either says.
    private async Task<string?> DifferenceAsync(
        Member member, string method, string url, string[] headers, SortedSet<string> seen)
    {
        var answer = await member.SendAsync(
            new HttpMethod(method), url, [.. headers.Select(h => h.Split(": ")).Select(h => (h[0], h[1]))]);
        var told = await ExplainAsync(member, method, url, headers);
        var verdict = told.GetProperty("verdict");
        var status = verdict.GetProperty("status").GetInt32();
        seen.Add($"{Text(verdict, "outcome")} {status}");
        var isSame = status == answer.Code
            && verdict.GetProperty("isCertain").GetBoolean()
            && (Text(verdict, "outcome") == "Forwarded") == answer.Headers.ContainsKey("x-echo-version")
            && (Version(told) is not { } version || Text(verdict, "outcome") != "Forwarded" || version == answer.Version);
        return isSame
            ? null
            : $"{member.Spec.Name} {method} {url} [{string.Join("; ", headers)}]: sidecars {answer.Code} "
                + $"{answer.Headers.GetValueOrDefault("x-echo-version")}, explain {status} {Version(told)} {Text(verdict, "reason")}";
    }

    private async Task<JsonElement> ExplainAsync(Member member, string method, string url, string[] headers)
    {
        var rest = url["http://".Length..];
        var slash = rest.IndexOf('/');
        using var response = await mesh.ControlPlane.Api.PostAsJsonAsync("/v1/explain", new
        {
            from = $"{member.Spec.Namespace}/{member.Spec.Name}",
            to = rest[..slash],
            method,
            path = rest[slash..],
            headers = headers.Select(h => h.Split(": ")).ToDictionary(h => h[0], h => h[1]),
        });
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    // The version that the subset of the only cluster names; null where there is none.
    private static string? Version(JsonElement told) =>
        told.GetProperty("clusters").EnumerateArray().ToList() is [var only] && Text(only, "name").Split('|') is [_, _, { Length: > 0 } subset, _]
            ? subset
            : null;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
