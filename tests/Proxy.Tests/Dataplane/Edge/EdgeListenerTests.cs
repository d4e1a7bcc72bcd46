using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Dataplane.Edge;

/// <summary>Sockets that come and go with the model, and what is carried through them.</summary>
public sealed class EdgeListenerTests : IAsyncLifetime
{
    private EchoBackend _backend = null!;
    private EdgeGateway _gateway = null!;

    public async Task InitializeAsync() =>
        (_backend, _gateway) = (await EchoBackend.StartAsync(), await EdgeGateway.StartAsync());

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task A_listener_that_is_taken_away_finishes_what_it_has_and_takes_no_more()
    {
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        _backend.Answer = async (context, _) =>
        {
            if (context.Request.Path == "/slow")
            {
                begun.SetResult();
                await release.Task;
            }

            await context.Response.WriteAsync("echo");
        };
        await ApplyAsync("one", "two");
        var (port, other) = (_gateway.PortOf("one"), _gateway.PortOf("two"));
        using var client = _gateway.Client("one");
        using var steady = _gateway.Client("two");
        using var end = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoadAsync(steady, end.Token)));
        var slow = client.GetStringAsync("http://b/slow");
        await begun.Task;

        await ApplyAsync("two");

        await Assert.ThrowsAsync<SocketException>(() => new TcpClient().ConnectAsync(IPAddress.Loopback, port));
        Assert.False(slow.IsCompleted);
        release.SetResult();
        Assert.Equal("echo", await slow);
        Assert.Equal(other, _gateway.PortOf("two"));
        await end.CancelAsync();
        Assert.All(await load, count => Assert.True(count > 0));
    }

    [Fact]
    public async Task Routes_change_under_load_without_a_failure()
    {
        await ApplyAsync("one");
        using var client = _gateway.Client("one");
        using var end = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoadAsync(client, end.Token)));

        for (var i = 0; i < 20; i++) await ApplyAsync(i % 2 == 0 ? ["one", "two"] : ["one"]);

        await end.CancelAsync();
        Assert.All(await load, count => Assert.True(count > 0));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_and_opened_when_it_is_free()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var endpoint = (IPEndPoint)taken.LocalEndpoint;
        var chain = new EdgeChainModel { Name = "http", Routes = Models.AnyHost(Models.To("b")) };
        await _gateway.ApplyAsync([Models.Cluster("b", _backend)], new EdgeListenerModel("x", endpoint, [chain]));

        Assert.Equal((0, $"port {endpoint.Port} is taken"), (_gateway.StatusOf("x").Port, _gateway.StatusOf("x").Problem));
        taken.Stop();
        await Eventually.HoldsAsync("open listener", () => _gateway.StatusOf("x").Port == endpoint.Port);

        using var client = _gateway.Client("x");
        Assert.Equal("echo", await client.GetStringAsync("http://b/"));
    }

    [Fact]
    public async Task Plaintext_takes_HTTP_2_with_prior_knowledge_and_redirects_where_a_route_says_so()
    {
        var away = new RouteModel { Action = new RouteAction.Redirect { Scheme = "https" } };
        await _gateway.ApplyAsync(
            [Models.Cluster("b", _backend)],
            EdgeGateway.Listener("one", new EdgeChainModel { Name = "http", Routes = Models.AnyHost(Models.To("b")) }),
            EdgeGateway.Listener("two", new EdgeChainModel { Name = "http", Routes = Models.AnyHost(away) }));
        using var one = _gateway.Client("one");
        using var two = _gateway.Client("two");

        using var request = new HttpRequestMessage(HttpMethod.Get, "http://b/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await one.SendAsync(request);
        using var redirect = await two.GetAsync("http://b.example:80/x?y=1");

        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (answer.StatusCode, answer.Version));
        Assert.Equal(HttpStatusCode.MovedPermanently, redirect.StatusCode);
        Assert.Equal("https://b.example/x?y=1", redirect.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task What_is_over_a_limit_gets_429_and_goes_no_further()
    {
        var limit = new RateLimitRuleModel(
            new AuthorizationPolicyModel("limit", new RequestRule.Always(), new RequestRule.Always()),
            Requests: 2,
            TimeSpan.FromDays(1),
            Burst: 2,
            []);
        var chain = new EdgeChainModel { Name = "http", Routes = Models.AnyHost(Models.To("b")), RateLimits = [limit] };
        await _gateway.ApplyAsync([Models.Cluster("b", _backend)], EdgeGateway.Listener("one", chain));
        using var client = _gateway.Client("one");

        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 3; i++) answers.Add(await client.GetAsync("http://b/"));

        Assert.Equal([200, 200, 429], answers.Select(a => (int)a.StatusCode));
        Assert.Equal(["1", "0", "0"], answers.Select(a => a.Headers.GetValues("RateLimit-Remaining").Single()));
        Assert.Equal("local_rate_limited", await answers[2].Content.ReadAsStringAsync());
        Assert.Equal(2, _backend.Calls);
    }

    [Fact]
    public async Task TLS_that_goes_through_is_ended_by_the_endpoint_that_its_name_leads_to()
    {
        using var a = new TlsEnd(_gateway.Authority.Issue("a.example"));
        using var b = new TlsEnd(_gateway.Authority.Issue("b.example"));
        await _gateway.ApplyAsync(
            [Models.Cluster("a", a.Port), Models.Cluster("b", b.Port)],
            EdgeGateway.Listener("tls", Through("a"), Through("b")));

        Assert.Equal(a.Serial, await _gateway.SerialAsync("tls", "a.example"));
        Assert.Equal(b.Serial, await _gateway.SerialAsync("tls", "b.example"));
        await Assert.ThrowsAnyAsync<IOException>(() => _gateway.SerialAsync("tls", "c.example"));
    }

    [Fact]
    public async Task Bytes_are_carried_both_ways_and_an_end_of_one_direction_is_passed_on()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var chain = new EdgeChainModel { Name = "tcp", Clusters = WeightedChoice.Of("db") };
        await _gateway.ApplyAsync(
            [Models.Cluster("db", ((IPEndPoint)server.LocalEndpoint).Port)], EdgeGateway.Listener("tcp", chain));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _gateway.PortOf("tcp"));
        using var accepted = await server.AcceptTcpClientAsync();

        await accepted.GetStream().WriteAsync("hello"u8.ToArray()); // the server speaks first
        var greeting = new byte[5];
        await client.GetStream().ReadExactlyAsync(greeting);
        await client.GetStream().WriteAsync("bye"u8.ToArray());
        client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(accepted.GetStream(), Encoding.ASCII);

        Assert.Equal("hello", Encoding.ASCII.GetString(greeting));
        Assert.Equal("bye", await reader.ReadToEndAsync());
    }

    [Theory]
    [InlineData(0, "https", 301)] // what anybody may write
    [InlineData(1, "https", 200)] // a trusted proxy has ended the client's TLS
    [InlineData(1, "http", 301)]
    [InlineData(1, "ftp", 301)]
    public async Task What_the_client_has_spoken_is_told_by_a_proxy_that_is_trusted(int trusted, string scheme, int status)
    {
        var toHttps = new RouteModel
        {
            Match = RouteMatchModel.Any with { Headers = [HeaderMatcher.Of(":scheme", StringMatcher.Exact("http"))] },
            Action = new RouteAction.Redirect { Scheme = "https" },
        };
        var routes = new RouteTableModel("t", [new VirtualHostModel("any", ["*"], [toHttps, Models.To("b")])]);
        await _gateway.ApplyAsync(
            [Models.Cluster("b", _backend)],
            EdgeGateway.Listener("one", new EdgeChainModel { Name = "http", Routes = routes, TrustedHops = trusted }));
        using var client = _gateway.Client("one");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://b/");
        request.Headers.Add("x-forwarded-for", "192.0.2.7");
        request.Headers.Add("x-forwarded-proto", scheme);

        using var response = await client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
    }

    private static EdgeChainModel Through(string name) =>
        new() { Name = name, ServerNames = [$"{name}.example"], IsTls = true, Clusters = WeightedChoice.Of(name) };

    private static async Task<int> LoadAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var count = 0;
        for (; !cancellationToken.IsCancellationRequested; count++)
        {
            Assert.Equal("echo", await client.GetStringAsync("http://b/", CancellationToken.None));
        }

        return count;
    }

    private Task ApplyAsync(params string[] listeners) => _gateway.ApplyAsync(
        [Models.Cluster("b", _backend)],
        [.. listeners.Select(name => EdgeGateway.Listener(
            name, new EdgeChainModel { Name = "http", Routes = Models.AnyHost(Models.To("b")) }))]);

    /// <summary>A server that ends TLS and hangs up.</summary>
    private sealed class TlsEnd : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly System.Security.Cryptography.X509Certificates.X509Certificate2 _certificate;

        public TlsEnd(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
        {
            _certificate = certificate;
            _listener.Start();
            _ = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Serial => _certificate.SerialNumber;

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(_certificate);
                    await tls.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false);
                }
            }
            catch (Exception exception) when (exception is SocketException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
