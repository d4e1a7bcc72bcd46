#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Http.Headers;
using MeshOrleans.Silo.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>What a page of somebody else can make a browser send, and the answers.</summary>
public sealed class BrowserTests
{
    [Theory]
    [InlineData("127.0.0.1", "", "", 200)]
    [InlineData("localhost:15080", "", "", 200)]
    [InlineData("[::1]:15080", "", "", 200)]
    [InlineData("LOCALHOST.", "", "", 200)]
    [InlineData("mesh.evil.example", "", "", 403)]
    [InlineData("localhost.evil.example", "", "", 403)]
    [InlineData("127.0.0.1.evil.example:80", "", "", 403)]
    [InlineData("localhost", "http://evil.example", "", 403)]
    [InlineData("localhost", "null", "", 403)]
    [InlineData("localhost", "https://localhost", "", 403)]
    [InlineData("localhost", "http://localhost", "", 200)]
    [InlineData("localhost", "", "cross-site", 403)]
    [InlineData("localhost", "", "same-origin", 200)]
    public async Task Only_its_own_pages_under_its_own_name_are_answered(string name, string origin, string site, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/gateways", UriKind.Relative));
        request.Headers.Host = name;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", host.AdminCredential);
        if (origin.Length > 0) request.Headers.Add("Origin", origin);
        if (site.Length > 0) request.Headers.Add("Sec-Fetch-Site", site);

        using var response = await host.SendAsync(request);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/metrics", "mesh.evil.example", "", 403)]
    [InlineData("/metrics", "localhost:15014", "", 200)]
    [InlineData("/metrics", "127.0.0.1:15014", "cross-site", 200)] // a link that somebody follows
    [InlineData("/healthz/live", "mesh.evil.example:15014", "", 403)]
    [InlineData("/healthz/live", "", "", 200)] // a check of HTTP/1.0
    [InlineData("/v1/config", "", "", 403)]
    [InlineData("/mesh.v1.Anything/Call", "xds.example", "", 200)] // proxies call by what name they like
    public async Task What_is_watched_is_under_its_own_name_as_well(string path, string name, string site, int expected)
    {
        var browsers = new BrowserMiddleware(_ => Task.CompletedTask, Options.Create(new SiloOptions()));
        await using var services = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        (context.Request.Scheme, context.Request.Host, context.Request.Path) = ("http", new HostString(name), path);
        context.Request.Headers["Sec-Fetch-Site"] = site;
        context.Connection.LocalIpAddress = IPAddress.Loopback;

        await browsers.InvokeAsync(context);

        Assert.Equal(expected, context.Response.StatusCode);
    }

    [Theory]
    [InlineData("http", "gateway.example:15080", 200)]
    [InlineData("http", "other.example:15080", 403)]
    [InlineData("https", "other.example:15012", 200)]
    public async Task Names_of_gateways_are_its_own_and_the_TLS_port_asks_for_none(string scheme, string name, int expected)
    {
        var options = Options.Create(new SiloOptions { Gateways = "gateway.example:15012, 10.0.0.1:15012" });
        var browsers = new BrowserMiddleware(_ => Task.CompletedTask, options);
        await using var services = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        (context.Request.Scheme, context.Request.Host, context.Request.Path) = (scheme, new HostString(name), "/v1/config");
        context.Connection.LocalIpAddress = IPAddress.Loopback;

        await browsers.InvokeAsync(context);

        Assert.Equal(expected, context.Response.StatusCode);
    }

    [Fact]
    public async Task A_preflight_is_promised_nothing()
    {
        await using var host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri("/v1/config", UriKind.Relative));
        request.Headers.Add("Origin", "http://evil.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");

        using var response = await host.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Two_credentials_in_one_request_are_none()
    {
        await using var host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/gateways", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", [$"Bearer {host.AdminCredential}", "Bearer x"]);

        using var response = await host.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
#endif
