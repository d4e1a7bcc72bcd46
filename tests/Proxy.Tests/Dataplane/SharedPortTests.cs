using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Services without an address of their own: known by network, by server name, or by their port alone.</summary>
public sealed class SharedPortTests
{
    private const int Port = 9100;

    [Theory]
    [InlineData("10.7.0.9", "exact")]
    [InlineData("10.7.0.1", "narrow")]
    [InlineData("10.7.0.200", "wide")]
    [InlineData("[fd00::7]", "six")]
    [InlineData("10.8.0.1", null)]
    [InlineData("10.7.0.1.example", null)]
    public async Task The_address_itself_counts_before_the_longest_network_that_has_it(string called, string? reached)
    {
        await using var backends = new Backends("exact", "narrow", "wide", "six");
        await using var proxy = await TestProxy.StartAsync(backends.Model(
            new TcpServiceModel("exact", ["exact", "10.7.0.9"], Port, [], Models.Chain("exact")),
            Shared(
                last: null,
                Models.Chain("wide") with { Networks = [IPNetwork.Parse("10.7.0.0/24")] },
                Models.Chain("narrow") with { Networks = [IPNetwork.Parse("10.7.0.0/30")] },
                Models.Chain("six") with { Networks = [IPNetwork.Parse("fd00::/64")] })));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, $"{called}:{Port}");

        Assert.Equal(reached is null ? 502 : 200, tunnel.Status);
        if (reached is not null) Assert.Equal(reached, await tunnel.ReadAsync(reached.Length));
    }

    [Theory]
    [InlineData("10.77.1.1:9100", 200)]
    [InlineData("10.77.1.1:9101", 502)]
    [InlineData("unknown.example:9100", 502)]
    public async Task A_service_without_any_address_catches_every_address_on_its_port(string called, int status)
    {
        await using var backends = new Backends("all");
        await using var proxy = await TestProxy.StartAsync(backends.Model(Shared(Models.Chain("all"))));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, called);

        Assert.Equal(status, tunnel.Status);
        if (status == 200) Assert.Equal("all", await tunnel.ReadAsync(3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TLS_to_an_address_that_nobody_has_is_routed_by_its_server_name(bool isRedirected)
    {
        var authority = new TestAuthority();
        await using var red = await TlsBackend.StartAsync(authority.Issue(authority.IdOf("red")), wantsClient: false);
        await using var backends = new Backends();
        var model = backends.Model(Shared(last: null, Models.Chain("red", "red.example")))
            .With(Models.Cluster("red", red.Port));
        var meant = isRedirected ? new IPEndPoint(IPAddress.Parse("10.7.0.1"), Port) : null;
        await using var proxy = await TestProxy.StartAsync(model, configure: o => o.FindOriginalDestination = _ => meant);

        await using (var known = await DialAsync(proxy, isRedirected))
        {
            await known.AuthenticateAsClientAsync("red.example");
        }

        await using var unknown = await DialAsync(proxy, isRedirected);
        await Assert.ThrowsAnyAsync<IOException>(() => unknown.AuthenticateAsClientAsync("other.example"));
        Assert.Equal("red.example", Assert.Single(red.ServerNames));
        await proxy.ToldAsync("response_flags=\"UH\"");
    }

    [Fact]
    public async Task What_has_no_server_name_goes_where_it_points_if_strangers_may_be_called()
    {
        await using var outside = new TcpBackend();
        var shared = new TcpServiceModel("shared", [], outside.Port, [Models.Chain("red", "red.example")], last: null);
        await using var proxy = await TestProxy.StartAsync(
            new ProxyModel { OutboundTcp = new TcpServiceTable([shared]) }.With(Models.Passthrough));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, $"127.0.0.1:{outside.Port}", early: "x");

        Assert.Equal((200, "X"), (tunnel.Status, await tunnel.ReadAsync(1)));
    }

    [Fact]
    public async Task Requests_on_the_port_are_routed_and_only_the_rest_is_caught()
    {
        await using var http = await EchoBackend.StartAsync("http");
        await using var backends = new Backends("all");
        var model = backends.Model(Shared(Models.Chain("all"))) with
        {
            Outbound = new Dictionary<int, OutboundPortModel>
            {
                [Port] = new(Port, Models.Table(Models.To("http"))),
            }.ToFrozenDictionary(),
        };
        await using var proxy = await TestProxy.StartAsync(model.With([.. model.Clusters.Values, Models.Cluster("http", http)]));

        using var bytes = await TunnelClient.ConnectAsync(proxy, "10.7.0.1:9100", early: "x");
        using var request = await TunnelClient.ConnectAsync(
            proxy, "10.7.0.1:9100", early: "GET / HTTP/1.1\r\nHost: b\r\n\r\n");

        Assert.Equal("all", await bytes.ReadAsync(3));
        Assert.Equal("HTTP/1.1 200", await request.ReadAsync(12));
    }

    private static TcpServiceModel Shared(TcpChainModel? last, params TcpChainModel[] chains) =>
        new("shared", [], Port, [.. chains], last);

    private static async Task<SslStream> DialAsync(TestProxy proxy, bool isRedirected)
    {
        Stream stream;
        if (isRedirected)
        {
            var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, proxy.Server.OutboundPort);
            stream = client.GetStream();
        }
        else
        {
            stream = (await TunnelClient.ConnectAsync(proxy, $"10.7.0.1:{Port}")).Stream;
        }

        return new SslStream(stream, leaveInnerStreamOpen: false, (_, seen, _, _) => seen is not null);
    }

    // Each says its name, and is the only member of the cluster of that name.
    private sealed class Backends(params string[] names) : IAsyncDisposable
    {
        private readonly Dictionary<string, TcpBackend> _all = names.ToDictionary(name => name, name => new TcpBackend(name));

        public ProxyModel Model(params TcpServiceModel[] services) => new ProxyModel
        {
            OutboundTcp = new TcpServiceTable(services),
            OutboundPolicy = OutboundPolicy.RegistryOnly,
        }.With([.. _all.Select(pair => Models.Cluster(pair.Key, pair.Value.Port))]);

        public async ValueTask DisposeAsync()
        {
            foreach (var backend in _all.Values) await backend.DisposeAsync();
        }
    }
}
