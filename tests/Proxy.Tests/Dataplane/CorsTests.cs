using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class CorsTests
{
    private const string Shop = "https://shop.example";

    private static readonly CorsModel Rules = new()
    {
        Origins = [StringMatcher.Exact(Shop), StringMatcher.Regex(@"https://.*\.shop\.example")],
        AllowMethods = "GET,POST",
        AllowHeaders = "x-token",
        ExposeHeaders = "x-total",
        MaxAge = "3600",
        AllowCredentials = true,
    };

    [Theory]
    [InlineData(Shop)]
    [InlineData("https://m.shop.example")]
    public async Task A_preflight_of_an_allowed_origin_is_answered_by_the_proxy(string origin)
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var proxy = await StartAsync(Rules, backend);

        using var response = await PreflightAsync(proxy, origin);

        Assert.Equal((HttpStatusCode.OK, "", 0), (response.StatusCode, await response.Content.ReadAsStringAsync(), backend.Calls));
        Assert.Equal(origin, Header(response, "access-control-allow-origin"));
        Assert.Equal("GET,POST", Header(response, "access-control-allow-methods"));
        Assert.Equal("x-token", Header(response, "access-control-allow-headers"));
        Assert.Equal("x-total", Header(response, "access-control-expose-headers"));
        Assert.Equal("3600", Header(response, "access-control-max-age"));
        Assert.Equal("true", Header(response, "access-control-allow-credentials"));
        Assert.False(response.Headers.Contains("x-route"), "a preflight is not the route's answer");
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task A_preflight_of_another_origin_goes_on_or_is_answered_without_headers(bool forwards, int calls)
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var proxy = await StartAsync(Rules with { ForwardsUnmatchedPreflights = forwards }, backend);

        using var response = await PreflightAsync(proxy, "https://evil.example");

        Assert.Equal((HttpStatusCode.OK, calls), (response.StatusCode, backend.Calls));
        Assert.DoesNotContain(response.Headers, h => h.Key.StartsWith("access-control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("OPTIONS", Shop, false)]
    [InlineData("OPTIONS", null, true)]
    [InlineData("GET", Shop, true)]
    public async Task What_is_no_preflight_reaches_the_application(string method, string? origin, bool asksForMethod)
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var proxy = await StartAsync(Rules, backend);

        using var response = await SendAsync(proxy, new HttpMethod(method), origin, asksForMethod);

        Assert.Equal((HttpStatusCode.OK, 1), (response.StatusCode, backend.Calls));
        Assert.Equal(origin, Header(response, "access-control-allow-origin"));
    }

    [Fact]
    public async Task What_the_rules_say_replaces_what_the_application_and_the_route_say()
    {
        await using var backend = await EchoBackend.StartAsync();
        backend.Answer = (context, _) =>
        {
            context.Response.Headers.AccessControlAllowOrigin = "*";
            return Task.CompletedTask;
        };
        await using var proxy = await StartAsync(Rules, backend, ("access-control-allow-origin", "https://route.example"));

        using var allowed = await SendAsync(proxy, HttpMethod.Get, Shop);
        using var other = await SendAsync(proxy, HttpMethod.Get, "https://evil.example");

        Assert.Equal(Shop, Header(allowed, "access-control-allow-origin"));
        Assert.Equal("x-total", Header(allowed, "access-control-expose-headers"));
        Assert.Equal("https://route.example", Header(other, "access-control-allow-origin"));
    }

    [Fact]
    public async Task Any_origin_is_allowed_by_a_star_and_its_name_is_said()
    {
        await using var backend = await EchoBackend.StartAsync();
        await using var proxy = await StartAsync(new CorsModel { Origins = [StringMatcher.Exact("*")] }, backend);

        using var response = await PreflightAsync(proxy, "https://any.example");

        Assert.Equal("https://any.example", Header(response, "access-control-allow-origin"));
        Assert.Equal(0, backend.Calls);
        Assert.Single(response.Headers, h => h.Key.StartsWith("access-control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(false, "*", null, "*")]
    [InlineData(true, "POST", null, null)] // to a browser that sends credentials "*" is a name
    public async Task A_star_is_spelt_out_where_credentials_are_allowed(
        bool credentials, string methods, string? headers, string? exposed)
    {
        await using var backend = await EchoBackend.StartAsync();
        var rules = new CorsModel
        {
            Origins = [StringMatcher.Exact("*")], AllowMethods = "*", AllowHeaders = "*", ExposeHeaders = "*", AllowCredentials = credentials,
        };
        await using var proxy = await StartAsync(rules, backend);

        using var response = await PreflightAsync(proxy, "https://any.example");

        Assert.Equal(methods, Header(response, "access-control-allow-methods"));
        Assert.Equal(credentials ? headers : "*", Header(response, "access-control-allow-headers"));
        Assert.Equal(exposed, Header(response, "access-control-expose-headers"));
    }

    [Fact]
    public async Task Faults_come_before_the_rules()
    {
        await using var backend = await EchoBackend.StartAsync();
        var route = Models.To("c") with
        {
            Cors = Rules, Fault = new FaultModel { AbortShare = Fraction.All, AbortHttpStatus = 503 },
        };
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));

        using var response = await PreflightAsync(proxy, Shop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Null(Header(response, "access-control-allow-origin"));
        await proxy.CountedAsync(1, 503, ResponseFlags.FaultInjected);
    }

    [Fact]
    public async Task An_answer_of_the_proxy_itself_may_be_read_by_an_allowed_origin_too()
    {
        var route = Models.To("missing") with { Cors = Rules };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(route)));

        using var response = await SendAsync(proxy, HttpMethod.Get, Shop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(Shop, Header(response, "access-control-allow-origin"));
    }

    private static Task<TestProxy> StartAsync(
        CorsModel rules, EchoBackend backend, params (string Name, string Value)[] responseHeaders)
    {
        HeaderMutation[] set = [.. responseHeaders.Append(("x-route", "1")).Select(h => new HeaderMutation(
            h.Item1, HeaderValueTemplate.Parse(h.Item2), HeaderAppendAction.Overwrite))];
        var route = Models.To("c") with { Cors = rules, ResponseHeaders = new HeaderOperations([], [.. set]) };
        return TestProxy.StartAsync(Models.Outbound(Models.Table(route), Models.Cluster("c", backend)));
    }

    private static Task<HttpResponseMessage> PreflightAsync(TestProxy proxy, string origin) =>
        SendAsync(proxy, HttpMethod.Options, origin, asksForMethod: true);

    private static async Task<HttpResponseMessage> SendAsync(
        TestProxy proxy, HttpMethod method, string? origin, bool asksForMethod = false)
    {
        using var request = new HttpRequestMessage(method, "http://b/");
        if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", origin);
        if (asksForMethod) request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "POST");
        return await proxy.Client.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? Assert.Single(values) : null;
}
