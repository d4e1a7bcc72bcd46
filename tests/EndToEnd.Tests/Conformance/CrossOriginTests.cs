namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>Cross-origin rules (behaviour row 19) through the pair of sidecars.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class CrossOriginTests(ConformanceMesh mesh)
{
    private const string Shop = "https://shop.example";

    [Fact]
    public async Task A_preflight_is_answered_by_the_callers_sidecar_and_a_request_gets_its_headers()
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: c, namespace: app}, spec: {hosts: [c], http: [{corsPolicy: {allowOrigins: [{regex: "https://.*\\.example"}], allowMethods: [GET, PUT], allowHeaders: [x-a, x-b], exposeHeaders: [x-c], maxAge: 2m, allowCredentials: true, unmatchedPreflights: IGNORE}, route: [{destination: {host: c}}]}]}}
            """);

        var preflight = await mesh.A.SendAsync(
            HttpMethod.Options, "http://c/?key=cors", ("origin", Shop), ("access-control-request-method", "PUT"));
        var ignored = await mesh.A.SendAsync(
            HttpMethod.Options, "http://c/?key=cors", ("origin", "http://evil"), ("access-control-request-method", "PUT"));
        var seen = await mesh.C.SeenAsync("cors");
        var request = await mesh.A.GetAsync("http://c/?key=cors", ("origin", Shop));

        Assert.Equal((200, "", 200, 0), (preflight.Code, preflight.Body, ignored.Code, seen));
        Assert.Equal(
            [
                ("access-control-allow-credentials", "true"), ("access-control-allow-headers", "x-a,x-b"),
                ("access-control-allow-methods", "GET,PUT"), ("access-control-allow-origin", Shop),
                ("access-control-expose-headers", "x-c"), ("access-control-max-age", "120"),
            ],
            Cors(preflight));
        Assert.Empty(Cors(ignored));
        Assert.Equal((200, 1), (request.Code, await mesh.C.SeenAsync("cors")));
        Assert.Equal(
            [
                ("access-control-allow-credentials", "true"), ("access-control-allow-origin", Shop),
                ("access-control-expose-headers", "x-c"),
            ],
            Cors(request));
    }

    private static IEnumerable<(string Name, string Value)> Cors(Answer answer) => answer.Headers
        .Where(h => h.Key.StartsWith("access-control-", StringComparison.Ordinal))
        .Select(h => (h.Key, h.Value))
        .Order();
}
