namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>One request, as it goes over the wire.</summary>
/// <param name="From"><c>a</c>, <c>o</c>, or <c>gateway</c>.</param>
/// <param name="Method">The method.</param>
/// <param name="Host">The host as it is written.</param>
/// <param name="Target">Path and query as they are written.</param>
/// <param name="Headers">The lines of its head, repeated names too.</param>
/// <param name="IsAbsolute">The target is written with scheme and host, as to a proxy.</param>
internal sealed record DrawnRequest(
    string From, string Method, string Host, string Target, (string Name, string Value)[] Headers, bool IsAbsolute)
{
    private static readonly string[] TlsHosts =
        ["b.example", "b.example", "B.Example", "b.example.", "b.example:443", "c.example", "none.example", "b.example.org"];

    // What one says in HTTP/1 only, and what .NET's client has an opinion on.
    private static readonly string[] OfHttp1 = ["connection", "keep-alive", "te", "proxy-authorization"];

    /// <summary>The name that the handshake with the gateway asks for; null in plaintext.</summary>
    public string? ServerName { get; init; }

    /// <summary>It is sent in HTTP/2.</summary>
    public bool IsHttp2 { get; init; }

    private static readonly string[] Hosts =
    [
        "b", "b", "b", "b:80", "b.app", "B.App", "b.app.svc.cluster.local", "b.app.svc.cluster.local:80", "b.", "b.app.svc:80",
        "b.app.svc.cluster.local.", "b:80", "a", "a.app", "o.other", "o.other.svc.cluster.local", "shop.example", "shop.example:80",
        "unknown.example", "x.b.app",
    ];

    private static readonly string[] EdgeHosts =
        ["b.example", "b.example", "B.Example", "b.example.", "b.example:80", "c.example", "none.example", "b.example.org"];

    private static readonly string[] Paths =
    [
        "/", "/api", "/api/", "/apix", "/api/v1", "/API/v1", "/Api", "/api/v2/x", "/api//v1", "//api", "/api/../x.y", "/api/./v1",
        "/a%2Fb", "/a%2fb", "/a/b", "/a//b", "/a;x=1", "/a;x=1/b", "/%61pi", "/%41PI", "/api/%2e%2e/x.y", "/x.y", "/x%2Ey", "/.../x",
        "/api%", "/api%zz", "/a%20b", "/a|b", "/*", "/old", "/old/x", "/oldx/y", "/old//x", "/api\\v1", "/a%00b", "/..", "/api/..;/x",
        "/api?", "/a%5Cb", "/a+b", "/a,b", "/a:b", "/a@b", "/~a", "/a'b", "/a\"b",
    ];

    private static readonly string[] Queries =
    [
        "", "", "", "?a=1", "?a=1&a=2", "?a=2&a=1", "?a=", "?a", "?A=1", "?a=%31", "?b=1;a=1", "??a=1", "?&a=1", "?a=1?", "?b=x&a=11", "?a=1#f",
        "?%61=1", "?a=1%00",
    ];

    private static readonly (string Name, string Value)[][] Others =
    [
        [("connection", "x-user")], [("connection", "X-Team, x-user")], [("te", "trailers")], [("x-envoy-retry-on", "5xx")],
        [("x-envoy-original-path", "/api")], [("X_User", "alice")], [("x-forwarded-for", "10.1.2.3")], [("x-forwarded-proto", "https")],
        [("X_Forwarded_For", "1.2.3.4")], [("proxy-authorization", "Basic eA==")], [("content-type", "application/grpc")],
        [("content-type", "application/grpc-web")], [("x-forwarded-client-cert", "URI=x")], [("cookie", "a=1")], [("cookie", "a=1"), ("cookie", "b=2")],
        [("origin", "http://shop.example"), ("access-control-request-method", "GET")], [("keep-alive", "1")], [("traceparent", "broken")],
        [("b3", "0")], [("x-b3-traceid", "12")], [("accept", "a"), ("Accept", "b")], [("x-mesh-lane", "blue")],
    ];

    private static readonly string[] Baggages =
    [
        "mesh.lane=blue", "mesh.lane=blue", "mesh.lane=green", "a=b, mesh.lane = bl%75e ;p=1,c=d", "mesh.lane=white", "mesh.lane=", "a=b",
        "a=b;mesh.lane=blue", "mesh.lane=green,mesh.lane=blue", "Mesh.Lane=blue", "mesh.lane=\"blue\"", ",", "mesh.lane=blue%", "",
    ];

    /// <summary>Draws one.</summary>
    public static DrawnRequest Of(Draw draw)
    {
        var from = draw.One("a", "a", "a", "o", "gateway", "gateway");
        var serverName = from == "gateway" && draw.Hits(50) ? draw.One("b.example", "b.example", "c.example", "d.example", "b.example.org") : null;
        var host = from != "gateway" ? draw.One(Hosts) : serverName is null ? draw.One(EdgeHosts) : draw.One(TlsHosts);
        var headers = new List<(string, string)>();
        for (var i = draw.Below(4); i > 0; i--) headers.Add((draw.One("x-user", "X-User", "x-team", "x-color"), Value(draw)));
        if (draw.Hits(30)) headers.AddRange(draw.One(Others));
        if (draw.Hits(35)) headers.AddRange(DrawnTokens.Lines(draw));
        for (var i = draw.Hits(35) ? 1 + draw.Below(2) : 0; i > 0; i--) headers.Add(("baggage", draw.One(Baggages)));
        var isCall = draw.Hits(15);
        if (isCall) headers.Add(("content-type", draw.One("application/grpc", "application/grpc+proto", "application/json")));
        var drawn = new DrawnRequest(
            from,
            isCall ? "POST" : draw.One("GET", "GET", "GET", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "BREW", "post"),
            host,
            isCall ? draw.One("/shop.Cart/Add", "/shop.Cart/Get", "/shop.Bill/Pay", "/shop.Cart/", "/Add") : draw.One(Paths) + draw.One(Queries),
            [.. headers],
            draw.Hits(50))
        {
            ServerName = serverName,
        };
        return draw.Hits(30) ? drawn.InHttp2() : drawn;
    }

    // .NET's client writes lines of one name as one.
    private DrawnRequest InHttp2() => this with
    {
        IsHttp2 = true,
        IsAbsolute = false,
        Headers =
        [
            .. Headers.Where(h => !OfHttp1.Contains(h.Name))
                .GroupBy(h => h.Name.ToLowerInvariant(), h => h.Value.Trim())
                .Select(h => (h.Key, string.Join(h.Key == "cookie" ? "; " : ", ", h).Trim())),
        ],
    };

    /// <inheritdoc/>
    public override string ToString() =>
        $"{From}: {(IsHttp2 ? "HTTP/2 " : "")}{(ServerName is null ? "" : $"TLS to {ServerName} ")}{Method} {(IsAbsolute ? "http://" + Host : "")}{Target} Host: {Host} [{string.Join("; ", Headers.Select(h => $"{h.Name}: {h.Value}"))}]";

    private static string Value(Draw draw) =>
        draw.One("alice", "alice", "bob", "", "Alice", "alice,bob", "alice, bob", "al", "malice", " alice", "alice ", "a;b", "alice\tbob");
}
