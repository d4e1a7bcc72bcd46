namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class VirtualServiceRulesTests
{
    private const string Kind = "VirtualService";
    private const string Root = "http[0]";

    [Theory]
    [InlineData(
        "{ tls: [{ match: [{ sniHosts: [a.com] }], route: [{ destination: { host: a } }] }] }", "tls",
        "delegate virtual service must have no tls route specified")]
    [InlineData(
        "{ tcp: [{ route: [{ destination: { host: a } }] }] }", "tcp",
        "delegate virtual service must have no tcp route specified")]
    [InlineData(
        "{ hosts: [\"*\"], http: [{ route: [{ destination: { host: a } }] }] }", "hosts[0]",
        "wildcard host * is not allowed for virtual services bound to the mesh gateway")]
    [InlineData(
        "{ hosts: [\"*.foo.com\", a.foo.com], http: [{ route: [{ destination: { host: a } }] }] }", "hosts[1]",
        "duplicate hosts in virtual service: a.foo.com")]
    [InlineData(
        "{ hosts: [\"a b\"], http: [{ route: [{ destination: { host: a } }] }] }", "hosts[0]",
        "invalid (label \"a b\" invalid)")]
    [InlineData("{ hosts: [a] }", "", "http, tcp or tls must be provided in virtual service")]
    [InlineData(
        "{ http: [{ route: [{ destination: { host: a } }] }], gateways: [g] }", "gateways",
        "delegate virtual service must have no gateways specified")]
    [InlineData(
        "{ http: [{ delegate: { name: d } }] }", "http[0].delegate", "delegate HTTP route cannot contain delegate")]
    [InlineData(
        "{ hosts: [a], http: [{ route: [{ destination: { host: a } }] }], exportTo: [\".\", ns-self] }", "exportTo[1]",
        "duplicate entries in exportTo")]
    [InlineData(
        "{ hosts: [a], http: [{ route: [{ destination: { host: a } }] }], exportTo: [\"*\", a] }", "exportTo",
        "cannot have both public (*) and non-public exportTo values")]
    [InlineData(
        "{ hosts: [a], gateways: [mesh], http: [{ match: [{ headers: { \"@request.auth.claims.x\": { exact: "
            + "y } } }], route: [{ destination: { host: a } }] }] }",
        "http[0].match[0].headers.@request.auth.claims.x",
        "JWT claim based routing (key: @request.auth.claims.x) is only supported for gateway, found no gateways")]
    [InlineData("{ hosts: [a], tcp: [{ match: [{ port: 80 }] }] }", "tcp[0]", "TCP route is required")]
    [InlineData(
        "{ hosts: [a.com], tls: [{ match: [{ sniHosts: [b.com] }], route: [{ destination: { host: a } }] }] }",
        "tls[0].match[0].sniHosts[0]", "is not a compatible subset of the virtual service hosts")]
    public void A_wrong_service_is_refused(string spec, string path, string message) =>
        RuleTable.Refuses(Kind, spec, path, message);

    [Theory]
    [InlineData("match: [{ uri: { exact: / } }]", "", "HTTP route, redirect or direct_response is required")]
    [InlineData("ROUTE, redirect: { uri: / }", "", "HTTP route cannot contain both route and redirect")]
    [InlineData(
        "redirect: { uri: / }, fault: { abort: { httpStatus: 500 } }", "",
        "HTTP route cannot contain both fault and redirect")]
    [InlineData("redirect: { uri: / }, rewrite: { uri: / }", "", "HTTP route cannot contain both rewrite and redirect")]
    [InlineData(
        "ROUTE, directResponse: { status: 200 }", "", "HTTP route cannot contain both route and direct_response")]
    [InlineData("name: r, ROUTE, delegate: { name: d }", "", "root HTTP route r must not specify route")]
    [InlineData(
        "route: [{ destination: { host: a }, weight: 0 }, { destination: { host: b }, weight: 0 }]", ".route",
        "total destination weight = 0")]
    [InlineData("route: [{ destination: { host: a }, weight: -1 }]", ".route[0].weight", "weight -1 < 0")]
    [InlineData("route: [{ weight: 100 }]", ".route[0].destination", "destination is required")]
    [InlineData(
        "route: [{ destination: { host: a, subset: \"v_1!\" } }]", ".route[0].destination.subset",
        "subset name is invalid: v_1!")]
    [InlineData(
        "route: [{ destination: { host: a, port: { number: 70000 } } }]", ".route[0].destination.port.number",
        "must be in the range 1..65535")]
    [InlineData("ROUTE, timeout: 0.5ms", ".timeout", "duration must be greater than 1ms")]
    [InlineData("ROUTE, timeout: 1.0001s", ".timeout", "only durations to ms precision are supported")]
    [InlineData("ROUTE, retries: { attempts: -1 }", ".retries.attempts", "attempts cannot be negative")]
    [InlineData(
        "ROUTE, retries: { attempts: 0, perTryTimeout: 1s }", ".retries",
        "http retry policy configured when attempts are set to 0 (disabled)")]
    [InlineData(
        "ROUTE, retries: { attempts: 2, retryOn: \"5xx,never\" }", ".retries.retryOn",
        "invalid retry condition \"never\"")]
    [InlineData("ROUTE, fault: {}", ".fault", "HTTP fault injection must have an abort and/or a delay")]
    [InlineData(
        "ROUTE, fault: { abort: { httpStatus: 199 } }", ".fault.abort.httpStatus",
        "HTTP status 199 is not in range 200-599")]
    [InlineData(
        "ROUTE, fault: { abort: { httpStatus: 601 } }", ".fault.abort.httpStatus",
        "HTTP status 601 is not in range 200-599")]
    [InlineData(
        "ROUTE, fault: { abort: { grpcStatus: \"14\" } }", ".fault.abort.grpcStatus",
        "gRPC status \"14\" is not supported")]
    [InlineData(
        "ROUTE, fault: { abort: { percentage: { value: 101 }, httpStatus: 500 } }", ".fault.abort.percentage",
        "percentage 101 is not in range 0..100")]
    [InlineData(
        "ROUTE, fault: { delay: { exponentialDelay: 1s } }", ".fault.delay.exponentialDelay",
        "exponentialDelay not supported yet")]
    [InlineData("redirect: {}", ".redirect", "redirect must specify URI, authority, scheme, or port")]
    [InlineData(
        "redirect: { uri: /, redirectCode: 200 }", ".redirect.redirectCode",
        "200 is not a valid redirect code, must be 3xx")]
    [InlineData(
        "redirect: { uri: /, redirectCode: 305 }", ".redirect.redirectCode", "305 is not a supported redirect code")]
    [InlineData("redirect: { uri: /, scheme: ftp }", ".redirect.scheme", "invalid redirect scheme")]
    [InlineData(
        "match: [{ uri: { prefix: / } }], redirect: { uri: /, prefixRewrite: / }", ".redirect",
        "redirect may only specify one of uri or prefix_rewrite")]
    [InlineData(
        "match: [{ uri: { exact: / } }], redirect: { prefixRewrite: / }", ".redirect.prefixRewrite",
        "requires all URI matches to use prefix match type")]
    [InlineData(
        "ROUTE, mirror: { host: b }, mirrors: [{ destination: { host: c } }]", "",
        "HTTP route cannot contain both mirror and mirrors")]
    [InlineData(
        "ROUTE, mirror: { host: b }, mirrorPercentage: { value: 101 }", ".mirrorPercentage",
        "mirror_percentage must have a max value of 100")]
    [InlineData(
        "ROUTE, headers: { request: { set: { \":path\": x } } }", ".headers.request.set.:path",
        "invalid header \":path\": header cannot have \":\" prefix")]
    [InlineData(
        "ROUTE, headers: { request: { remove: [host] } }", ".headers.request.remove[0]", "cannot set Host header")]
    [InlineData(
        "ROUTE, headers: { response: { set: { host: x } } }", ".headers.response.set.host", "cannot set Host header")]
    [InlineData(
        "ROUTE, headers: { request: { set: { a: abc%123 } } }", ".headers.request.set.a",
        "header value configuration abc%123 is invalid")]
    [InlineData("ROUTE, match: [{ uri: { regex: \"[a\" } }]", ".match[0].uri.regex", "Istio uses RE2 style")]
    [InlineData("ROUTE, match: [{ uri: { regex: \"(?=a)b\" } }]", ".match[0].uri.regex", "Istio uses RE2 style")]
    [InlineData("ROUTE, match: [{ uri: { regex: 'a\\u0041' } }]", ".match[0].uri.regex", "Istio uses RE2 style")]
    [InlineData("ROUTE, match: [{ uri: { regex: \"(?#note)a\" } }]", ".match[0].uri.regex", "Istio uses RE2 style")]
    [InlineData(
        "ROUTE, match: [{ uri: { prefix: \"\" } }]", ".match[0].uri.prefix", "prefix string match should not be empty")]
    [InlineData("ROUTE, match: [{ uri: {} }]", ".match[0].uri", "not a valid match type")]
    [InlineData(
        "ROUTE, match: [{ uri: { exact: /, prefix: / } }]", ".match[0].uri",
        "only one of exact, prefix and regex may be set")]
    [InlineData("ROUTE, match: [{ sourceLabels: { a: \"b c\" } }]", ".match[0].sourceLabels.a", "invalid tag value")]
    [InlineData(
        "ROUTE, corsPolicy: { allowMethods: [FOO] }", ".corsPolicy.allowMethods[0]",
        "\"FOO\" is not a supported HTTP method")]
    [InlineData(
        "ROUTE, corsPolicy: { maxAge: 1.5s }", ".corsPolicy.maxAge",
        "max_age duration is accurate only to seconds precision")]
    [InlineData(
        "ROUTE, corsPolicy: { allowOrigins: [{ exact: \"\" }] }", ".corsPolicy.allowOrigins[0]",
        "is not a valid match type")]
    [InlineData("ROUTE, rewrite: { uri: \"/n HTTP/1.1\\r\\nX-Evil: y\" }", ".rewrite.uri", "must not have spaces or control characters")]
    [InlineData("ROUTE, rewrite: { uri: \"/a\\x7f\" }", ".rewrite.uri", "must not have spaces or control characters")]
    [InlineData("ROUTE, rewrite: { authority: \"a b/c\" }", ".rewrite.authority", "is not a host, or a host and a port")]
    [InlineData(
        "ROUTE, rewrite: { uriRegexRewrite: { match: a, rewrite: \"b\\n\" } }", ".rewrite.uriRegexRewrite.rewrite",
        "must not have spaces or control characters")]
    [InlineData("redirect: { uri: \"/a\\r\\nb: c\" }", ".redirect.uri", "must not have spaces or control characters")]
    [InlineData("redirect: { authority: \"a\\r\\nb\" }", ".redirect.authority", "is not a host, or a host and a port")]
    [InlineData("ROUTE, rewrite: {}", ".rewrite", "rewrite must specify URI, UriRegexRewrite, or authority")]
    [InlineData(
        "ROUTE, rewrite: { uri: /, uriRegexRewrite: { match: a, rewrite: b } }", ".rewrite",
        "rewrite may only contain one of URI or UriRegexRewrite")]
    public void A_wrong_route_is_refused(string route, string path, string message) =>
        RuleTable.Refuses(Kind, Service(route), Root + path, message);

    [Theory]
    [InlineData("request", "set", "Content-Length")]
    [InlineData("response", "set", "transfer-encoding")]
    [InlineData("response", "add", "connection")]
    public void A_header_that_says_where_a_message_ends_is_noted_as_left_alone(string of, string how, string name) =>
        RuleTable.Notes(
            Kind,
            Service($"ROUTE, headers: {{ {of}: {{ {how}: {{ {name}: x }} }} }}"),
            $"{Root}.headers.{of}.{how}.{name}",
            "is accepted but not acted on");

    [Fact]
    public void A_regex_of_more_than_1024_characters_is_refused() => RuleTable.Refuses(
        Kind,
        Service($"ROUTE, match: [{{ uri: {{ regex: \"{new string('a', 1025)}\" }} }}]"),
        Root + ".match[0].uri.regex",
        "regex is too large, max length allowed is 1024");

    [Fact]
    public void A_direct_response_of_more_than_a_megabyte_is_refused_and_a_large_one_warned_of()
    {
        RuleTable.Refuses(Kind, Service(Body(1024 * 1024 + 1)), Root + ".directResponse.body", "must be less than 1MB");
        RuleTable.Warns(
            Kind,
            Service(Body(101 * 1024)),
            Root + ".directResponse.body",
            "large direct_responses may impact control plane performance");
        RuleTable.Accepts(Kind, Service(Body(100 * 1024)));
    }

    [Theory]
    [InlineData(
        "{ hosts: [\"*\"], gateways: [ns/g], http: [{ match: [{ headers: { \"@request.auth.claims.x\": { "
            + "exact: y } } }], route: [{ destination: { host: a } }] }] }")]
    [InlineData(
        "{ hosts: [a], http: [{ match: [{ headers: { x: {}, y: { regex: \"*\" } }, queryParams: { q: {} } "
            + "}], route: [{ destination: { host: a }, weight: 0 }] }] }")]
    [InlineData(
        "{ hosts: [a], http: [{ headers: { request: { set: { host: b, x: "
            + "\"%REQ(y)%-%DOWNSTREAM_REMOTE_ADDRESS%-100%%\" } } }, route: [{ destination: { host: a } }] }] }")]
    [InlineData(
        "{ hosts: [a], http: [{ timeout: 0s, retries: { attempts: 0 }, route: [{ destination: { host: a } "
            + "}] }] }")]
    [InlineData(
        "{ hosts: [a], http: [{ match: [{ uri: { regex: '/\\Q.\\E(?P<id>[[:alpha:]]+)' } }], rewrite: { "
            + "uriRegexRewrite: { match: '^/(a)', rewrite: '/\\1' } }, route: [{ destination: { host: a } }] }] }")]
    public void Unusual_but_right_services_are_accepted(string spec) => RuleTable.Accepts(Kind, spec);

    private static string Service(string route)
    {
        var whole = route.Replace("ROUTE", "route: [{ destination: { host: a } }]", StringComparison.Ordinal);
        return $"{{ hosts: [a], http: [{{ {whole} }}] }}";
    }

    private static string Body(int length) =>
        $"directResponse: {{ status: 200, body: {{ string: \"{new string('a', length)}\" }} }}";
}
