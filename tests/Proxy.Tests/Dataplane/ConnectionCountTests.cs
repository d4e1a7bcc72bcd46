using System.Net;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Eventually = MeshOrleans.Proxy.Tests.Sidecar.Eventually;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>How many connections to the members of a cluster there are.</summary>
public sealed class ConnectionCountTests
{
    [Fact]
    public async Task A_connection_of_bytes_counts_while_it_is_open()
    {
        await using var backend = new TcpBackend("x");
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", backend.Port)));
        using (var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306"))
        {
            await tunnel.ReadAsync(1);
            Assert.Equal((1, 1, 0), CountOf(proxy, "c"));
        }

        await Eventually.HoldsAsync("the connection is over", () => CountOf(proxy, "c") == (0, 1, 0));
    }

    [Fact]
    public async Task Requests_share_one_and_what_does_not_come_about_counts_as_that()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        var model = Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend));
        await using var proxy = await TestProxy.StartAsync(model);

        await proxy.GetAsync("http://b/");
        await proxy.GetAsync("http://b/");
        Assert.Equal((1, 1, 0), CountOf(proxy, "c"));

        proxy.State.Apply(Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", ClosedPort.Next())));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        await Eventually.HoldsAsync("the pool of the member that is gone has ended", () => CountOf(proxy, "c") == (0, 1, 1));
    }

    [Fact]
    public async Task One_under_TLS_counts_once()
    {
        var authority = new TestAuthority();
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("inbound|8080||", app)), authority.Identity("b"));
        await using var caller = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("m")), Models.Mesh("m", server.InboundPort, authority.IdOf("b"))), authority.Identity("a"));

        await caller.GetAsync("http://b/");

        Assert.Equal((1, 1, 0), CountOf(caller, "m"));
        Assert.Equal((1, 1, 0), CountOf(server, "inbound|8080||"));
    }

    private static (long Active, long Total, long Failed) CountOf(TestProxy proxy, string cluster) =>
        proxy.State.Current.Clusters[cluster].State.Connections is var count ? (count.Active, count.Total, count.Failed) : default;
}
