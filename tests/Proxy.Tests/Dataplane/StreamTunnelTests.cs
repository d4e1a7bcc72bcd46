using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Http2;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>CONNECT in HTTP/2 at the outbound port: each tunnel is a stream.</summary>
public sealed class StreamTunnelTests
{
    [Fact]
    public async Task Several_tunnels_go_through_one_connection_and_each_ends_for_itself()
    {
        await using var backend = new TcpBackend("hello ");
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", backend.Port)));
        await using var peer = await DialAsync(proxy);

        foreach (var stream in new[] { 1, 3 })
        {
            await ConnectAsync(peer, stream, "db:3306");
            Assert.Equal(":status 200", peer.Fields((await peer.NextAsync(FrameType.Headers))!));
            Assert.Equal("hello ", await ReadAsync(peer, stream, 6));
        }

        foreach (var stream in new[] { 3, 1 })
        {
            await SendAsync(peer, stream, "abc", endsStream: true);
            Assert.Equal("ABC", await ReadAsync(peer, stream));
        }

        await proxy.ToldAsync("istio_tcp_connections_closed_total");
    }

    [Theory]
    [InlineData("nobody:1", ":status 502|content-type text/plain|content-length 19")]
    [InlineData("db", ":status 400|content-length 0")]
    [InlineData("db:0", ":status 400|content-length 0")]
    [InlineData("a@db:3306", null)]
    public async Task What_leads_nowhere_is_refused_and_the_connection_goes_on(string authority, string? answer)
    {
        await using var backend = new TcpBackend("hello ");
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", backend.Port)));
        await using var peer = await DialAsync(proxy);

        await ConnectAsync(peer, 1, authority);
        var first = (await peer.NextAsync(FrameType.Headers, FrameType.RstStream))!;
        if (answer is not null) Assert.Equal(answer.Split('|').Order(), peer.Fields(first).Split('|').Order());
        else if (first.Header.Type is FrameType.Headers) Assert.StartsWith(":status 400", peer.Fields(first));
        await ConnectAsync(peer, 3, "db:3306");
        Assert.Equal(":status 200", peer.Fields((await peer.NextAsync(FrameType.Headers))!));

        Assert.Equal("hello ", await ReadAsync(peer, 3, 6));
        Assert.Equal(1, backend.Connections);
        if (authority == "nobody:1") await proxy.ToldAsync("response_flags=\"UH\"");
    }

    [Theory]
    [InlineData("content-length 5")]
    [InlineData("transfer-encoding chunked")]
    public async Task A_CONNECT_that_has_content_is_refused_and_the_connection_goes_on(string field)
    {
        await using var backend = new TcpBackend("hello ");
        await using var proxy = await TestProxy.StartAsync(Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", backend.Port)));
        await using var peer = await DialAsync(proxy);

        await peer.SendAsync(
            FrameType.Headers,
            FrameHeader.EndHeaders,
            1,
            RawPeer.Block(":method CONNECT", ":authority db:3306", field));
        var first = (await peer.NextAsync(FrameType.Headers, FrameType.RstStream))!;
        if (first.Header.Type is FrameType.Headers) Assert.StartsWith(":status 400", peer.Fields(first));
        await ConnectAsync(peer, 3, "db:3306");

        Assert.Equal(":status 200", peer.Fields((await peer.NextAsync(FrameType.Headers))!));
        Assert.Equal("hello ", await ReadAsync(peer, 3, 6));
        Assert.Equal(1, backend.Connections);
    }

    [Fact]
    public async Task A_CONNECT_with_a_path_is_none()
    {
        await using var proxy = await TestProxy.StartAsync(new ProxyModel());
        await using var peer = await DialAsync(proxy);

        await peer.SendAsync(
            FrameType.Headers,
            FrameHeader.EndHeaders,
            1,
            RawPeer.Block(":method CONNECT", ":scheme http", ":path /", ":authority db:3306"));

        Assert.Equal("RST_STREAM Protocol", await peer.VerdictAsync());
    }

    [Fact]
    public async Task Requests_in_such_a_tunnel_are_routed_and_a_tunnel_in_it_is_refused()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));
        await using var peer = await DialAsync(proxy);

        await ConnectAsync(peer, 1, "b:80");
        Assert.Equal(":status 200", peer.Fields((await peer.NextAsync(FrameType.Headers))!));
        await SendAsync(peer, 1, "GET /x HTTP/1.1\r\nHost: b\r\n\r\nCONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n");
        var answers = await ReadAsync(peer, 1);

        Assert.StartsWith("HTTP/1.1 200 ", answers);
        Assert.Contains("HTTP/1.1 501 ", answers, StringComparison.Ordinal);
        Assert.Equal("1", Assert.Single(backend.Requests).Headers["x-envoy-attempt-count"]); // the route was applied
    }

    [Fact]
    public async Task Targets_in_such_a_tunnel_are_read_as_anywhere()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        await using var proxy = await TestProxy.StartAsync(
            Models.Outbound(Models.Table(Models.To("c")), Models.Cluster("c", backend)));
        await using var peer = await DialAsync(proxy);

        await ConnectAsync(peer, 1, "b:80");
        Assert.Equal(":status 200", peer.Fields((await peer.NextAsync(FrameType.Headers))!));
        await SendAsync(peer, 1, "GET /x HTTP/1.1\r\nHost: b\r\n\r\nGET HTTP://b/x HTTP/1.1\r\nHost: b\r\n\r\nGET s HTTP/1.1\r\nHost: b\r\n\r\n");
        var answers = await ReadAsync(peer, 1);

        Assert.Equal(2, answers.Split("HTTP/1.1 200 ").Length - 1);
        Assert.Contains("HTTP/1.1 400 ", answers, StringComparison.Ordinal);
        Assert.All(backend.Requests, seen => Assert.Equal("/x", seen.RawTarget));
    }

    [Fact]
    public async Task The_proxy_makes_no_tunnel_to_itself()
    {
        await using var proxy = await TestProxy.StartAsync(new ProxyModel().With(Models.Passthrough));
        await using var peer = await DialAsync(proxy);

        await ConnectAsync(peer, 1, $"127.0.0.1:{proxy.Server.OutboundPort}");

        Assert.StartsWith(":status 400", peer.Fields((await peer.NextAsync(FrameType.Headers))!));
    }

    private static async Task<RawPeer> DialAsync(TestProxy proxy)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, proxy.Server.OutboundPort);
        var peer = new RawPeer(client.GetStream());
        await peer.GreetAsync();
        return peer;
    }

    private static Task ConnectAsync(RawPeer peer, int stream, string authority) => peer.SendAsync(
        FrameType.Headers, FrameHeader.EndHeaders, stream, RawPeer.Block(":method CONNECT", $":authority {authority}"));

    private static Task SendAsync(RawPeer peer, int stream, string text, bool endsStream = false) => peer.SendAsync(
        FrameType.Data, endsStream ? FrameHeader.EndStream : 0, stream, Encoding.Latin1.GetBytes(text));

    /// <summary>Reads so many bytes of a stream, or all until it ends.</summary>
    private static async Task<string> ReadAsync(RawPeer peer, int stream, int length = int.MaxValue)
    {
        var text = new StringBuilder();
        while (text.Length < length && await peer.NextAsync(FrameType.Data, FrameType.RstStream) is { } frame)
        {
            if (frame.Header.StreamId != stream) continue;
            if (frame.Header.Type is FrameType.RstStream) break;
            text.Append(Encoding.Latin1.GetString(frame.Payload));
            if (frame.Header.Has(FrameHeader.EndStream)) break;
        }

        return text.ToString();
    }
}
