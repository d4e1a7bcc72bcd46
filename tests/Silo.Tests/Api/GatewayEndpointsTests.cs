#if !MESH_ENGINE_ORLEANS
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>What the API tells of proxies and gateways when there are several, and when one is gone.</summary>
public sealed class GatewayEndpointsTests
{
    private const string Node = "sidecar~10.0.0.1~cart-1.shop~shop.svc.cluster.local";
    private const string Other = "gateway-2/3f9a02";
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";

    [Fact]
    public async Task Gateways_are_listed_with_where_they_are_and_what_they_hold()
    {
        await using var host = await ApiHost.StartAsync();
        await BeatAsync(host, streams: 7);

        var rows = await UntilAsync(host, "/v1/gateways", rows => rows.GetArrayLength() == 2);

        var other = rows.EnumerateArray().Single(r => r.GetProperty("name").GetString() == Other);
        Assert.Equal(7, other.GetProperty("streams").GetInt32());
        Assert.Equal("h2:15012", other.GetProperty("addresses").GetProperty("xds").GetString());
        Assert.Equal("http://h2:15080", other.GetProperty("addresses").GetProperty("api").GetString());
        Assert.Equal(0, other.GetProperty("lastHeardSeconds").GetDouble());
        var own = rows.EnumerateArray().Single(r => r.GetProperty("name").GetString() == host.Name);
        Assert.Equal("10.0.0.1:15012", own.GetProperty("addresses").GetProperty("xds").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, await host.GetAnonymouslyAsync("/v1/gateways"));
    }

    [Fact]
    public async Task A_proxy_whose_gateway_is_gone_is_shown_as_disconnected_with_its_types()
    {
        await using var host = await ApiHost.StartAsync();
        await BeatAsync(host);
        await ConnectAsync(host, Other);
        Assert.Equal("SYNCED", Assert.Single(await StatusesAsync(host)).Proxy);

        host.Clock.Advance(TimeSpan.FromSeconds(15)); // and no beat

        Assert.Equal(("DISCONNECTED", "DISCONNECTED"), Assert.Single(await StatusesAsync(host)));
        var one = (await host.GetAsync($"/v1/proxies/{Uri.EscapeDataString(Node)}")).Body;
        Assert.Equal("DISCONNECTED", one.GetProperty("status").GetString());
        await BeatAsync(host); // it was only slow
        Assert.Equal("SYNCED", Assert.Single(await StatusesAsync(host)).Proxy);
    }

    [Fact]
    public async Task A_directory_that_has_just_come_up_takes_no_proxy_for_disconnected()
    {
        await using var host = await ApiHost.StartAsync();
        await BeatAsync(host); // brings the directory up
        await ConnectAsync(host, "gateway-3/000001");

        host.Clock.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal("SYNCED", Assert.Single(await StatusesAsync(host)).Proxy);
        host.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("DISCONNECTED", Assert.Single(await StatusesAsync(host)).Proxy);
    }

    [Fact]
    public async Task Resources_of_a_proxy_at_another_gateway_are_to_be_asked_for_there()
    {
        await using var host = await ApiHost.StartAsync();
        await BeatAsync(host);
        await ConnectAsync(host, Other);

        var (status, problem) = await host.GetAsync($"/v1/proxies/{Uri.EscapeDataString(Node)}/resources");

        Assert.Equal(HttpStatusCode.MisdirectedRequest, status);
        Assert.Contains(Other, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("http://h2:15080", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resources_of_a_proxy_that_is_connected_nowhere_are_not_found()
    {
        await using var host = await ApiHost.StartAsync();
        await BeatAsync(host);
        await ConnectAsync(host, Other);
        host.Clock.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/v1/proxies/{Uri.EscapeDataString(Node)}/resources")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/v1/proxies/nobody/resources")).Status);
    }

    [Fact]
    public async Task Which_of_several_identities_that_call_themselves_alike_is_meant_has_to_be_said()
    {
        await using var host = await ApiHost.StartAsync();
        await BeatAsync(host);
        await ConnectAsync(host, Other, Cart);
        await ConnectAsync(host, Other, "spiffe://cluster.local/ns/shop/sa/thief");
        await ConnectAsync(host, Other);
        var path = $"/v1/proxies/{Uri.EscapeDataString(Node)}";

        var (status, problem) = await host.GetAsync(path);
        var (_, own) = await host.GetAsync($"{path}?spiffeId={Uri.EscapeDataString(Cart)}");
        var (_, anonymous) = await host.GetAsync($"{path}?spiffeId=");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains($"{Cart}, spiffe://cluster.local/ns/shop/sa/thief", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal((Cart, ""), (own.GetProperty("spiffeId").GetString(), anonymous.GetProperty("spiffeId").GetString()));
        Assert.Equal(HttpStatusCode.Conflict, (await host.GetAsync($"{path}/resources")).Status);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await host.GetAsync($"{path}/resources?spiffeId=")).Status);
        Assert.Equal(3, (await host.GetAsync("/v1/proxies")).Body.GetArrayLength());
    }

    private static Task BeatAsync(ApiHost host, int streams = 0) => host.Grain<IGatewayDirectoryGrain>().BeatAsync(
        new GatewayBeat(Other, "h2:15012", "http://h2:15080", streams), default);

    private static async Task ConnectAsync(ApiHost host, string gateway, string identity = "")
    {
        var connection = new ProxyConnection(
            gateway, identity, "shop", "10.0.0.1", ImmutableDictionary<string, string>.Empty, "test/1");
        var report = new SubscriptionReport("cds", SubscriptionState.Synced, "v", "v", 1, "", DateTimeOffset.UnixEpoch);
        var news = new StreamNews(
            Node, host.Clock.GetUtcNow(), connection, [report], Revision: 0, IsClosed: false, SpiffeId: identity);
        await host.Grain<IProxySubscriptionGrain>(ProxyShares.KeyOf(Node)).TellAsync(gateway, [news], default);
    }

    private static async Task<(string? Proxy, string? Type)[]> StatusesAsync(ApiHost host) =>
    [
        .. (await host.GetAsync("/v1/proxies")).Body.EnumerateArray().Select(p => (
            p.GetProperty("status").GetString(),
            p.GetProperty("types").EnumerateArray().Single().GetProperty("status").GetString())),
    ];

    private static async Task<JsonElement> UntilAsync(ApiHost host, string path, Func<JsonElement, bool> isThere)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var (_, body) = await host.GetAsync(path);
            if (isThere(body)) return body;
            Assert.False(limit.IsCancellationRequested, $"{path} still says {body}.");
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
#endif
