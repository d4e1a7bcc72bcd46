using System.Collections.Concurrent;
using System.Net.Security;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>CONNECT at the outbound port, to services of bytes.</summary>
public sealed class TunnelTests
{
    [Theory]
    [InlineData("db:3306")]
    [InlineData("DB.app.:3306")]
    public async Task A_service_of_bytes_is_reached_by_its_names_and_may_speak_first(string authority)
    {
        await using var backend = new TcpBackend("hello ");
        await using var proxy = await TestProxy.StartAsync(To(backend.Port));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, authority);
        var greeting = await tunnel.ReadAsync(6);
        await tunnel.WriteAsync("abc");
        tunnel.EndSending();

        Assert.Equal(("HTTP/1.1 200 OK\r\n\r\n", "hello "), (tunnel.Head, greeting));
        Assert.Equal("ABC", await tunnel.ReadToEndAsync());
    }

    [Fact]
    public async Task Bytes_that_come_with_the_request_are_kept()
    {
        await using var backend = new TcpBackend();
        await using var proxy = await TestProxy.StartAsync(To(backend.Port));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306", early: "early");
        tunnel.EndSending();

        Assert.Equal("EARLY", await tunnel.ReadToEndAsync());
    }

    [Fact]
    public async Task Whoever_ends_its_side_of_a_tunnel_behind_which_is_TLS_hears_the_answer_however_often()
    {
        var authority = new TestAuthority();
        await using var backend = new TcpBackend(certificate: authority.Issue(authority.IdOf("b")));
        var cluster = Models.Cluster("c", backend.Port) with
        {
            Tls = new UpstreamTlsModel { Mode = UpstreamTlsMode.Simple, Sni = "b", SkipVerification = true },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], cluster));
        var answers = new ConcurrentDictionary<string, int>();

        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");
            await tunnel.WriteAsync("x");
            tunnel.EndSending();
            answers.AddOrUpdate(await tunnel.ReadToEndAsync(), 1, (_, count) => count + 1);
        });

        Assert.Equal(2000, answers.GetValueOrDefault("X"));
    }

    [Fact]
    public async Task What_nobody_knows_goes_where_it_points_or_is_refused_and_nothing_is_connected()
    {
        await using var outside = new TcpBackend();
        var open = new ProxyModel().With(Models.Passthrough);
        await using var proxy = await TestProxy.StartAsync(open);

        using var passed = await TunnelClient.ConnectAsync(proxy, $"localhost:{outside.Port}", early: "x");
        var answer = await passed.ReadAsync(1);
        proxy.State.Apply(open with { OutboundPolicy = OutboundPolicy.RegistryOnly });
        using var refused = await TunnelClient.ConnectAsync(proxy, $"127.0.0.1:{outside.Port}", early: "x");

        Assert.Equal((200, "X", 502), (passed.Status, answer, refused.Status));
        Assert.Equal(1, outside.Connections);
    }

    [Fact]
    public async Task A_failure_to_connect_is_503_UF_and_ejects_the_endpoint()
    {
        await using var backend = new TcpBackend("ok");
        var cluster = Models.Cluster("c", ClosedPort.Next(), backend.Port) with
        {
            LoadBalancing = LoadBalancing.RoundRobin,
            Outlier = new OutlierModel { Consecutive5xx = 1, MaxEjectionPercent = 50 },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], cluster));

        var statuses = new List<int>();
        for (var i = 0; i < 6; i++)
        {
            using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");
            statuses.Add(tunnel.Status);
            if (tunnel.Status == 503) Assert.EndsWith("connection failure", await tunnel.ReadToEndAsync());
        }

        Assert.Single(statuses, 503);
        await proxy.ToldAsync("response_flags=\"UF\"");
    }

    [Fact]
    public async Task What_is_over_the_limit_of_connections_is_503_UO_until_one_has_ended()
    {
        await using var backend = new TcpBackend("ok");
        var cluster = Models.Cluster("c", backend.Port) with { Limits = new CircuitLimits(MaxConnections: 1) };
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], cluster));

        using var first = await TunnelClient.ConnectAsync(proxy, "db:3306");
        using var second = await TunnelClient.ConnectAsync(proxy, "db:3306");
        first.EndSending();
        await first.ReadToEndAsync();
        var third = 0;
        for (var tries = 0; third != 200 && tries < 100; tries++) // its place is free a moment after its last byte
        {
            using var next = await TunnelClient.ConnectAsync(proxy, "db:3306");
            third = next.Status;
        }

        Assert.Equal((200, 503, 200), (first.Status, second.Status, third));
        Assert.Contains("x-envoy-overloaded: true\r\n", second.Head);
    }

    [Fact]
    public async Task Without_an_endpoint_it_is_503_UH_and_without_the_cluster_503_NC()
    {
        var model = Models.Tcp(Models.Chain("c"), [], new ClusterModel { Name = "c" });
        await using var proxy = await TestProxy.StartAsync(model);

        using var nobody = await TunnelClient.ConnectAsync(proxy, "db:3306");
        var body = await nobody.ReadToEndAsync();
        proxy.State.Apply(model.With());
        using var nothing = await TunnelClient.ConnectAsync(proxy, "db:3306");

        Assert.Equal((503, "no healthy upstream", 503), (nobody.Status, body, nothing.Status));
        var metrics = proxy.Server.Metrics.Write();
        Assert.Contains("response_flags=\"UH\"", metrics);
        Assert.Contains("response_flags=\"NC\"", metrics);
    }

    [Fact]
    public async Task TLS_in_the_tunnel_is_routed_by_server_name_and_goes_through_untouched()
    {
        var authority = new TestAuthority();
        await using var red = await TlsBackend.StartAsync(authority.Issue(authority.IdOf("red")), wantsClient: false);
        await using var blue = await TlsBackend.StartAsync(authority.Issue(authority.IdOf("blue")), wantsClient: false);
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(
            last: null,
            [Models.Chain("red", "red.example"), Models.Chain("blue", "*.example")],
            Models.Cluster("red", red.Port),
            Models.Cluster("blue", blue.Port)));

        foreach (var (name, backend) in new[] { ("red.example", red), ("other.example", blue), ("RED.example", red) })
        {
            using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");
            await using var tls = new SslStream(tunnel.Stream, false, (_, seen, _, _) => seen is not null);
            await tls.AuthenticateAsClientAsync(name);
            Assert.True(backend.ServerNames.TryDequeue(out var seen), $"{name} did not arrive");
            Assert.Equal(name, seen, ignoreCase: true);
        }

        using var unknown = await TunnelClient.ConnectAsync(proxy, "db:3306");
        await using var refused = new SslStream(unknown.Stream, false, (_, seen, _, _) => seen is not null);
        await Assert.ThrowsAnyAsync<IOException>(() => refused.AuthenticateAsClientAsync("example"));
        await proxy.ToldAsync("response_flags=\"NR\"");
    }

    [Fact]
    public async Task Between_sidecars_it_is_mesh_mTLS()
    {
        var authority = new TestAuthority();
        await using var backend = new TcpBackend("hello ");
        var app = Models.Cluster("app", backend.Port);
        var strict = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, app);
        strict = strict.WithInbound(strict.Inbound[TestProxy.AppPort] with { IsHttp = false });
        await using var server = await TestProxy.StartAsync(strict, authority.Identity("b"));
        var right = Models.Tcp(Models.Chain("c"), [], Models.Mesh("c", server.InboundPort, authority.IdOf("b")));
        await using var client = await TestProxy.StartAsync(right, authority.Identity("a"));

        using var tunnel = await TunnelClient.ConnectAsync(client, "db:3306", early: "x");
        var answer = await tunnel.ReadAsync(7);
        client.State.Apply(Models.Tcp(Models.Chain("c"), [], Models.Mesh("c", server.InboundPort, authority.IdOf("other"))));
        using var impostor = await TunnelClient.ConnectAsync(client, "db:3306");

        Assert.Equal(("hello X", 503), (answer, impostor.Status));
        await server.ToldAsync($"source_principal=\"{authority.IdOf("a")}\"");
    }

    [Fact]
    public async Task A_service_that_is_not_known_yet_is_asked_for()
    {
        await using var backend = new TcpBackend("ok");
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(
            new ProxyModel { OutboundPolicy = OutboundPolicy.RegistryOnly, IsOnDemand = true }, configure: o => o.HostDemand = demand);
        demand.OnAsked = () => proxy.State.Apply(To(backend.Port));

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");

        Assert.Equal((200, "ok"), (tunnel.Status, await tunnel.ReadAsync(2)));
        Assert.Equal(("db", 3306), demand.Asked);
    }

    [Theory]
    [InlineData("CONNECT db HTTP/1.1\r\nHost: db\r\n\r\n", 400)]
    [InlineData("CONNECT db:0 HTTP/1.1\r\nHost: db:0\r\n\r\n", 400)]
    [InlineData("CONNECT db:65536 HTTP/1.1\r\nHost: db:65536\r\n\r\n", 400)]
    [InlineData("CONNECT a@db:3306 HTTP/1.1\r\nHost: a@db:3306\r\n\r\n", 400)]
    [InlineData("CONNECT http://db:3306/ HTTP/1.1\r\nHost: db:3306\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nHost: db:3306\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: other:3306\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3307\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost : db:3306\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nX: a\r\n b\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nX: a\rb\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\nX: a\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nX: \0\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nContent-Length: 3\r\n\r\nabc", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("CONNECT  db:3306 HTTP/1.1\r\nHost: db:3306\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.1 \r\nHost: db:3306\r\n\r\n", 400)]
    [InlineData("CONNECT db:3306 HTTP/1.0\r\nHost: db:3306\r\n\r\n", 426)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: db\r\n\r\n", 200)]
    [InlineData("CONNECT db:3306 HTTP/1.1\r\nHost: DB:3306\r\nContent-Length: 0\r\n\r\n", 200)]
    public async Task What_could_be_taken_in_two_ways_is_refused(string request, int status)
    {
        await using var backend = new TcpBackend();
        await using var proxy = await TestProxy.StartAsync(To(backend.Port));

        using var tunnel = await TunnelClient.SendAsync(proxy, request);

        Assert.Equal(status, tunnel.Status);
        if (status != 200) Assert.Equal(0, backend.Connections);
    }

    [Fact]
    public async Task A_head_that_is_too_long_or_too_slow_is_refused()
    {
        await using var proxy = await TestProxy.StartAsync(
            new ProxyModel(), configure: o => o.FirstBytesTimeout = TimeSpan.FromMilliseconds(200));

        using var tooLong = await TunnelClient.SendAsync(proxy, $"CONNECT db:3306 HTTP/1.1\r\nX: {new string('x', 20_000)}");
        using var tooSlow = await TunnelClient.SendAsync(proxy, "CONNECT db:3306 HTTP/1.1\r\nHost: db");

        Assert.Equal((431, 408), (tooLong.Status, tooSlow.Status));
    }

    [Fact]
    public async Task The_proxy_makes_no_tunnel_to_itself()
    {
        await using var proxy = await TestProxy.StartAsync(new ProxyModel().With(Models.Passthrough));

        foreach (var host in new[] { "localhost", "127.0.0.1", "127.9.9.9", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]" })
        {
            using var tunnel = await TunnelClient.ConnectAsync(proxy, $"{host}:{proxy.Server.OutboundPort}");
            Assert.True(tunnel.Status == 400, $"{host}: {tunnel.Head}");
        }
    }

    private static ProxyModel To(int port) => Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", port));

    private sealed class Demand : MeshOrleans.Proxy.Dataplane.Outbound.IHostDemand
    {
        public Action OnAsked { get; set; } = () => { };

        public (string, int) Asked { get; private set; }

        public Task WaitAsync(string host, int port, CancellationToken cancellationToken)
        {
            Asked = (host, port);
            OnAsked();
            return Task.CompletedTask;
        }
    }
}
