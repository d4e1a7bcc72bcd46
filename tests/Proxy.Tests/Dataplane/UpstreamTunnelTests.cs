using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Clusters whose endpoints are proxies that are asked for the far end.</summary>
public sealed class UpstreamTunnelTests
{
    [Fact]
    public async Task The_proxy_is_asked_for_the_far_end_and_then_carries_the_bytes()
    {
        await using var upstream = new ForwardProxy("HTTP/1.1 200 Connection established\r\nVia: it\r\n\r\nhello ");
        await using var proxy = await StartAsync(upstream);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");
        await tunnel.WriteAsync("abc");

        Assert.Equal("hello abc", await tunnel.ReadAsync(9));
        Assert.Equal("CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n", upstream.Head);
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 Odd\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n")] // and then it closes
    public async Task A_proxy_that_does_not_open_the_tunnel_is_a_server_that_cannot_be_reached(string answer)
    {
        await using var upstream = new ForwardProxy(answer, closes: true);
        await using var proxy = await StartAsync(upstream);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");

        Assert.Equal(503, tunnel.Status);
        await proxy.ToldAsync("response_flags=\"UF\"");
    }

    [Fact]
    public async Task A_head_without_end_is_not_read_for_ever()
    {
        await using var upstream = new ForwardProxy("HTTP/1.1 200 OK\r\nX: " + new string('x', 100_000));
        await using var proxy = await StartAsync(upstream);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");

        Assert.Equal(503, tunnel.Status);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhello abc")] // which ends with the connection
    public async Task A_tunnel_by_POST_is_made_of_two_bodies(string answer)
    {
        await using var upstream = new ForwardProxy(answer, closes: true, until: "0\r\n\r\n");
        await using var proxy = await StartAsync(upstream, isPost: true);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306", early: "some bytes");
        tunnel.EndSending();

        Assert.Equal("hello abc", await tunnel.ReadToEndAsync());
        await upstream.DoneAsync();
        Assert.Equal("POST / HTTP/1.1\r\nHost: far.example:443\r\nTransfer-Encoding: chunked\r\n\r\n", upstream.Head);
        Assert.Equal("a\r\nsome bytes\r\n0\r\n\r\n", upstream.Body);
    }

    [Theory]
    [InlineData("HTTP/1.1 405 Method Not Allowed\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    public async Task An_answer_to_POST_that_is_no_tunnel_is_a_server_that_cannot_be_reached(string answer)
    {
        await using var upstream = new ForwardProxy(answer, closes: true);
        await using var proxy = await StartAsync(upstream, isPost: true);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");

        Assert.Equal(503, tunnel.Status);
    }

    [Theory]
    [InlineData("5\r\nhelloX\r\n")]
    [InlineData("5\r\nhello\r\nnothing\r\n")]
    [InlineData("5\r\nhello\r\n100000000\r\n")]
    [InlineData("5\r\nhello\r\n1\nx\r\n")]
    [InlineData("5\r\nhello\r\n5\r\nab")] // and then it closes
    public async Task Chunks_that_are_none_end_the_tunnel(string body)
    {
        await using var upstream = new ForwardProxy(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body, closes: true);
        await using var proxy = await StartAsync(upstream, isPost: true);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");

        var text = await tunnel.ReadToEndAsync();

        Assert.StartsWith(text, "helloab", StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAsync(ForwardProxy upstream, bool isPost = false)
    {
        var relay = new RelayModel { Tunnel = "far.example:443", IsTunnelByPost = isPost };
        var chain = Models.Chain("c") with { Relay = relay };
        return TestProxy.StartAsync(Models.Tcp(chain, [], Models.Cluster("c", upstream.Port)));
    }

    /// <summary>Reads a head, answers what it was told to, and gives back what follows.</summary>
    private sealed class ForwardProxy : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly string? _until;

        /// <param name="answer">The answer, and what follows it.</param>
        /// <param name="closes">It closes then, and gives nothing back.</param>
        /// <param name="until">It answers once the caller has sent this; null for at once.</param>
        public ForwardProxy(string answer, bool closes = false, string? until = null)
        {
            _until = until;
            _listener.Start();
            _serving = ServeAsync(answer, closes);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Head { get; private set; } = "";

        /// <summary>What has followed the head, where it waits for an end.</summary>
        public string Body { get; private set; } = "";

        /// <summary>Waits until all has been read that it waits for.</summary>
        public Task DoneAsync() => _done.Task.WaitAsync(TimeSpan.FromSeconds(20));

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync(string answer, bool closes)
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await AnswerAsync(client.GetStream(), answer, closes);
                }
            }
            catch (Exception exception) when (exception is SocketException or InvalidOperationException)
            {
                // stopped
            }
        }

        private async Task AnswerAsync(NetworkStream stream, string answer, bool closes)
        {
            var head = new StringBuilder();
            var buffer = new byte[4096];
            try
            {
                while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    var read = await stream.ReadAsync(buffer);
                    if (read == 0) return;
                    head.Append(Encoding.ASCII.GetString(buffer, 0, read));
                }

                Head = head.ToString();
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
                while (_until is not null && !Body.EndsWith(_until, StringComparison.Ordinal))
                {
                    var read = await stream.ReadAsync(buffer);
                    if (read == 0) break;
                    Body += Encoding.ASCII.GetString(buffer, 0, read);
                }

                _done.TrySetResult();
                while (!closes && await stream.ReadAsync(buffer) is > 0 and var more)
                {
                    await stream.WriteAsync(buffer.AsMemory(0, more));
                }
            }
            catch (IOException)
            {
                // the caller has gone
            }
        }
    }
}
