using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;
using MeshOrleans.Testing;
using TestAuthority = MeshOrleans.Proxy.Tests.Dataplane.Fixtures.TestAuthority;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Who is remembered as a caller that mesh mTLS would keep out.</summary>
public sealed class PlaintextCallersTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n";
    private static readonly IPAddress One = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Two = IPAddress.Parse("10.0.0.2");
    private static readonly IPAddress Three = IPAddress.Parse("10.0.0.3");

    private readonly TestAuthority _authority = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly PlaintextCallers _callers = new(TimeProvider.System, 16);

    [Fact]
    public void Connections_are_counted_and_the_last_end_is_when_it_was_there_last()
    {
        var callers = new PlaintextCallers(_clock, 2);

        var first = callers.Opened(80, One, InboundTlsMode.Permissive, isTls: false);
        _clock.Advance(TimeSpan.FromSeconds(5));
        callers.Opened(80, One.MapToIPv6(), InboundTlsMode.Disable, isTls: true);
        _clock.Advance(TimeSpan.FromSeconds(5));
        first.Closed();

        var caller = Assert.Single(callers.All);
        Assert.Same(first, caller);
        Assert.Equal((80, One, 2L, 1), (caller.Port, caller.Address, caller.Connections, caller.Open));
        Assert.Equal((InboundTlsMode.Disable, true), (caller.Mode, caller.IsTls));
        Assert.Equal(10, _clock.GetElapsedTime(caller.FirstAt).TotalSeconds);
        Assert.Equal(0, _clock.GetElapsedTime(caller.LastAt).TotalSeconds);
    }

    [Theory]
    [InlineData("fe80::1%3", "fe80::1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    public void A_caller_is_known_as_others_can_read_it(string address, string expected)
    {
        var callers = new PlaintextCallers(_clock, 2);

        callers.Opened(80, IPAddress.Parse(address), InboundTlsMode.Permissive, isTls: false);
        callers.Opened(80, IPAddress.Parse(address), InboundTlsMode.Permissive, isTls: false);

        Assert.Equal((expected, 2L), (Assert.Single(callers.All).Address.ToString(), callers.All.Single().Connections));
    }

    [Fact]
    public void Of_too_many_the_one_that_came_longest_ago_goes_and_who_is_there_stays()
    {
        var callers = new PlaintextCallers(_clock, 2);
        callers.Opened(80, One, InboundTlsMode.Permissive, isTls: false); // stays open
        _clock.Advance(TimeSpan.FromSeconds(1));
        callers.Opened(80, Two, InboundTlsMode.Permissive, isTls: false).Closed();

        callers.Opened(80, Three, InboundTlsMode.Permissive, isTls: false).Closed();
        Assert.Equal([One, Three], callers.All.Select(c => c.Address).OrderBy(a => a.ToString()));

        callers.Opened(81, Three, InboundTlsMode.Permissive, isTls: false);
        Assert.Equal([(80, One), (81, Three)], callers.All.Select(c => (c.Port, c.Address)).OrderBy(c => c.Port));
    }

    [Fact]
    public void Many_at_once_are_all_counted()
    {
        var callers = new PlaintextCallers(TimeProvider.System, 4);

        Parallel.For(0, 10_000, i => callers
            .Opened(80, new IPAddress([10, 0, 0, (byte)(i % 4)]), InboundTlsMode.Permissive, isTls: false).Closed());

        Assert.Equal(4, callers.All.Count);
        Assert.All(callers.All, c => Assert.Equal((2_500L, 0), (c.Connections, c.Open)));
    }

    [Theory]
    [InlineData(InboundTlsMode.Permissive)]
    [InlineData(InboundTlsMode.Disable)]
    [InlineData(InboundTlsMode.Strict)]
    public async Task Whoever_speaks_plaintext_is_remembered_with_what_the_port_demanded(InboundTlsMode mode)
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, mode);

        await RawHttp.SendAsync(server.InboundPort, Get);

        var caller = await EndedAsync();
        Assert.Equal((TestProxy.AppPort, IPAddress.Loopback, 1L), (caller.Port, caller.Address, caller.Connections));
        Assert.Equal((mode, false), (caller.Mode, caller.IsTls));
    }

    [Fact]
    public async Task Who_proves_itself_is_not_remembered()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive);
        var cluster = Models.Mesh("m", server.InboundPort, _authority.IdOf("b"));
        await using var client = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("m")), cluster), _authority.Identity("a"));

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("http://b/")).Status);

        Assert.Empty(_callers.All);
    }

    [Fact]
    public async Task Who_only_looks_whether_the_port_is_open_is_not_remembered()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive);
        using (var probe = new TcpClient())
        {
            await probe.ConnectAsync(IPAddress.Loopback, server.InboundPort);
            var stream = probe.GetStream();
            probe.Client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await ReadAsync(stream)); // the sidecar has seen the end, and closed
        }

        Assert.Empty(_callers.All);
    }

    [Fact]
    public async Task TLS_that_is_not_the_meshs_would_not_be_let_in_either()
    {
        using var certificate = _authority.Issue("spiffe://not.the/mesh");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var app = Models.Cluster("app", ((IPEndPoint)listener.LocalEndpoint).Port);
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Permissive, app),
            _authority.Identity("b"),
            configure: o => o.PlaintextCallers = _callers);
        var serving = ServeTlsAsync(listener, certificate);

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
            await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen is not null);
            await tls.AuthenticateAsClientAsync("own.app");
            Assert.Equal(1, Assert.Single(_callers.All).Open);
        }

        await serving;
        Assert.True((await EndedAsync()).IsTls);
    }

    [Fact]
    public async Task TLS_that_is_not_the_meshs_is_told_where_it_is_refused_too()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Strict);

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
            await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen is not null);
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await tls.AuthenticateAsClientAsync("own.app");
                if (await tls.ReadAsync(new byte[1]) == 0) throw new IOException("the server has closed");
            });
        }

        var caller = await EndedAsync();
        Assert.Equal((InboundTlsMode.Strict, true, 1L), (caller.Mode, caller.IsTls, caller.Connections));
    }

    [Fact]
    public async Task A_connection_that_goes_on_is_open()
    {
        await using var app = await EchoBackend.StartAsync("app");
        await using var server = await ServerAsync(app, InboundTlsMode.Permissive);
        using (var http = new HttpClient())
        {
            await http.GetStringAsync(new Uri($"http://127.0.0.1:{server.InboundPort}/"));
            await http.GetStringAsync(new Uri($"http://127.0.0.1:{server.InboundPort}/"));

            var caller = Assert.Single(_callers.All);
            Assert.Equal((1L, 1), (caller.Connections, caller.Open)); // two requests on it
        }

        await EndedAsync();
    }

    private Task<TestProxy> ServerAsync(EchoBackend app, InboundTlsMode mode) => TestProxy.StartAsync(
        Models.Inbound(TestProxy.AppPort, mode, Models.Cluster("app", app.Port)),
        _authority.Identity("b"),
        configure: o => o.PlaintextCallers = _callers);

    private async Task<PlaintextCaller> EndedAsync()
    {
        await Eventually.HoldsAsync("a caller whose connection has ended", () => _callers.All.Any(c => c.Open == 0));
        return Assert.Single(_callers.All);
    }

    private static async Task<int> ReadAsync(NetworkStream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[1]);
        }
        catch (IOException)
        {
            return 0; // a reset is an end too
        }
    }

    private static async Task ServeTlsAsync(TcpListener listener, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsServerAsync(certificate);
        Assert.Equal(0, await tls.ReadAsync(new byte[1]));
    }
}
