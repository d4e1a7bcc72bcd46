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

    private static Task<TestProxy> StartAsync(ForwardProxy upstream)
    {
        var chain = Models.Chain("c") with { Relay = new RelayModel { Tunnel = "far.example:443" } };
        return TestProxy.StartAsync(Models.Tcp(chain, [], Models.Cluster("c", upstream.Port)));
    }

    /// <summary>Reads a head, answers what it was told to, and gives back what follows.</summary>
    private sealed class ForwardProxy : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        public ForwardProxy(string answer, bool closes = false)
        {
            _listener.Start();
            _serving = ServeAsync(answer, closes);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Head { get; private set; } = "";

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
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
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
