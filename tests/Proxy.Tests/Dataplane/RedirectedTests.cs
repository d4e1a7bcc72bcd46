using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Connections that were meant for another address: transparent capture.</summary>
public sealed class RedirectedTests
{
    [Theory]
    [InlineData("10.96.0.1")] // the service's own address
    [InlineData("::ffff:10.96.0.1")]
    public async Task A_service_is_known_by_its_address_and_may_speak_first(string address)
    {
        await using var backend = new TcpBackend("hello ");
        var service = new TcpServiceModel("db", ["db", "10.96.0.1"], 3306, [], Models.Chain("c"));
        var model = Of(service).With(Models.Cluster("c", backend.Port));
        await using var proxy = await StartAsync(model, new IPEndPoint(IPAddress.Parse(address), 3306));

        using var client = await DialAsync(proxy);

        Assert.Equal("hello ", await ReadAsync(client, 6));
    }

    [Fact]
    public async Task A_service_without_an_address_is_known_by_its_members_and_the_one_that_was_dialled_is_reached()
    {
        await using var first = new TcpBackend("first");
        await using var second = new TcpBackend("other");
        var own = new ClusterModel
        {
            Name = "own",
            Endpoints = [new EndpointModel("127.0.0.1", first.Port), new EndpointModel("localhost", second.Port)],
        };
        var service = new TcpServiceModel("db", ["db"], 3306, [], Models.Chain("own")) { OwnCluster = "own" };
        await using var proxy = await StartAsync(Of(service).With(own), new IPEndPoint(IPAddress.Loopback, 3306));

        for (var i = 0; i < 10; i++)
        {
            using var client = await DialAsync(proxy);
            Assert.Equal("first", await ReadAsync(client, 5));
        }
    }

    [Fact]
    public async Task Requests_are_routed_by_their_host_at_the_port_that_was_meant()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        var model = Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend));
        await using var proxy = await StartAsync(
            model with { OutboundPolicy = OutboundPolicy.RegistryOnly }, new IPEndPoint(IPAddress.Parse("10.0.0.9"), 80));

        using var client = await DialAsync(proxy, "GET /x HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", await ReadToEndAsync(client));
    }

    [Theory]
    [InlineData(OutboundPolicy.AllowAny, "X")]
    [InlineData(OutboundPolicy.RegistryOnly, "")]
    public async Task What_nobody_knows_goes_on_or_is_closed(OutboundPolicy policy, string answer)
    {
        await using var outside = new TcpBackend();
        await using var proxy = await StartAsync(
            new ProxyModel { OutboundPolicy = policy }.With(Models.Passthrough), new IPEndPoint(IPAddress.Loopback, outside.Port));

        using var client = await DialAsync(proxy, "x");

        Assert.Equal(answer, answer.Length > 0 ? await ReadAsync(client, 1) : await ReadToEndAsync(client));
        Assert.Equal(answer.Length, outside.Connections);
    }

    [Theory]
    [InlineData("PING")] // may still become a method
    [InlineData("PRI *")] // the preface of HTTP/2
    [InlineData("GET /x")] // a request
    public async Task What_may_yet_become_a_request_is_heard_when_it_does_not(string said)
    {
        await using var outside = new TcpBackend();
        var port = outside.Port;
        var model = new ProxyModel
        {
            Outbound = new Dictionary<int, OutboundPortModel> { [port] = new(port, Models.Table(Models.To("c"))) }
                .ToFrozenDictionary(),
            OutboundPolicy = OutboundPolicy.AllowAny,
        };
        await using var proxy = await StartAsync(model.With(Models.Passthrough), new IPEndPoint(IPAddress.Loopback, port));

        using var client = await DialAsync(proxy, said); // and waits for the answer

        Assert.Equal(said.ToUpperInvariant(), await ReadAsync(client, said.Length));
    }

    [Fact]
    public async Task TLS_is_routed_by_its_server_name()
    {
        var authority = new TestAuthority();
        await using var red = await TlsBackend.StartAsync(authority.Issue(authority.IdOf("red")), wantsClient: false);
        var service = new TcpServiceModel("x", ["10.96.0.1"], 443, [Models.Chain("red", "red.example")], last: null);
        await using var proxy = await StartAsync(
            Of(service).With(Models.Cluster("red", red.Port)), new IPEndPoint(IPAddress.Parse("10.96.0.1"), 443));

        using var client = await DialAsync(proxy);
        await using var tls = new System.Net.Security.SslStream(client.GetStream(), false, (_, seen, _, _) => seen is not null);
        await tls.AuthenticateAsClientAsync("red.example");

        Assert.Equal("red.example", Assert.Single(red.ServerNames));
    }

    [Fact]
    public async Task Who_was_not_redirected_is_served_as_a_client_of_a_proxy()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend))); // asks the system itself

        Assert.Equal((HttpStatusCode.OK, "b"), await proxy.GetAsync("http://b/"));
    }

    [Theory]
    [InlineData("0200 0cea 0a600001 0000000000000000", "10.96.0.1:3306")]
    [InlineData("0a00 01bb 00000000 fd000000000000000000000000000007 00000000", "[fd00::7]:443")]
    [InlineData("0a00 01bb 00000000 00000000000000000000ffff0a600001 00000000", "[::ffff:10.96.0.1]:443")]
    [InlineData("0100 0cea 0a600001 0000000000000000", null)]
    [InlineData("0a00 01bb 00000000 fd00", null)]
    [InlineData("", null)]
    public void The_address_that_Linux_writes_is_read(string raw, string? endpoint) => Assert.Equal(
        endpoint, OriginalDestination.Read(Convert.FromHexString(raw.Replace(" ", "", StringComparison.Ordinal)))?.ToString());

    private static ProxyModel Of(TcpServiceModel service) => new()
    {
        OutboundTcp = new TcpServiceTable([service]), OutboundPolicy = OutboundPolicy.RegistryOnly,
    };

    private static Task<TestProxy> StartAsync(ProxyModel model, IPEndPoint meant) =>
        TestProxy.StartAsync(model, configure: o => o.FindOriginalDestination = _ => meant);

    private static async Task<TcpClient> DialAsync(TestProxy proxy, string bytes = "")
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, proxy.Server.OutboundPort);
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes));
        }
        catch (Exception exception)
            when (exception is IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // closed before anything was said, or before it was seen to be open, as whoever reads will see
        }

        return client;
    }

    private static async Task<string> ReadAsync(TcpClient client, int length)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[length];
        await client.GetStream().ReadExactlyAsync(buffer, limit.Token);
        return Encoding.Latin1.GetString(buffer);
    }

    private static async Task<string> ReadToEndAsync(TcpClient client)
    {
        if (!client.Connected) return ""; // reset while it spoke
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        try
        {
            return await reader.ReadToEndAsync(limit.Token);
        }
        catch (IOException)
        {
            return ""; // reset
        }
    }
}
