using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>What could be read in two ways is read in none, at every port that takes requests.</summary>
public sealed class FramingTests : EveryPortTests
{
    private const string Get = "GET /s HTTP/1.1\r\nHost: b\r\n";
    private const string Post = "POST /s HTTP/1.1\r\nHost: b\r\n";

    [Theory]
    [InlineData(Post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Post + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Post + "Content-Length: +4\r\n\r\nabcd")]
    [InlineData(Post + "Content-Length: 4,\r\n\r\nabcd")]
    [InlineData(Post + "Content-Length: 0x4\r\n\r\nabcd")]
    [InlineData(Post + "Content-Length: 9223372036854775808\r\n\r\nabcd")]
    [InlineData(Post + "Content-Length: 99999999999999999999999\r\n\r\nabcd")]
    [InlineData(Get + "X(A: a\r\n\r\n")]
    [InlineData(Get + "X\"A: a\r\n\r\n")]
    [InlineData(Get + "X\x01" + "A: a\r\n\r\n")]
    [InlineData(Get + "X\x7f" + "A: a\r\n\r\n")]
    [InlineData(Get + "X\xe9: a\r\n\r\n")]
    [InlineData(Get + "X-A: a\x01" + "b\r\n\r\n")]
    [InlineData(Get + "X-A: a\x1f" + "b\r\n\r\n")]
    [InlineData(Get + "X-A: a\x7f" + "b\r\n\r\n")]
    [InlineData(Get + "User-Agent: a\x0b" + "b\r\n\r\n")] // one that Kestrel knows by name
    [InlineData(Get + "Connection: close, \0x\r\n\r\n")]
    public async Task A_request_that_could_be_read_in_two_ways_is_refused_and_its_connection_closed(string request)
    {
        foreach (var port in Ports())
        {
            var answer = await RawHttp.SendAsync(port, request);

            Assert.StartsWith("HTTP/1.1 400 ", answer);
            Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Empty(Backend.Requests);
        Assert.DoesNotContain(Sidecar.Log.Concat(Gateway.Log), l => l.Contains("abnormally", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Post + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", "abcd")]
    [InlineData(Post + "Transfer-Encoding: CHUNKED\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", "abcd")]
    [InlineData(Post + "Content-Length: 4\r\n\r\nabcd", "abcd")]
    [InlineData(Post + "Content-Length: 0000000000000000004\r\n\r\nabcd", "abcd")]
    [InlineData(Post + "Content-Length: 4\r\nX-A: a\tb\r\nX_!#$%&'*+.^`|~1: y\r\n\r\nabcd", "abcd")]
    [InlineData(Post + "Content-Length: 4\r\nX-Empty:\r\nX-Blank: \t \r\n\r\nabcd", "abcd")]
    public async Task What_can_be_read_in_one_way_goes_through(string request, string body)
    {
        foreach (var port in Ports())
        {
            var answer = await RawHttp.SendAsync(port, request);

            Assert.StartsWith("HTTP/1.1 200 ", answer);
            Assert.Contains(body, answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("x:y", "a")]
    [InlineData("x y", "a")]
    [InlineData("x\r\ny", "a")]
    [InlineData("x\0y", "a")]
    [InlineData("x\x7f", "a")]
    [InlineData("x\xe9", "a")]
    [InlineData("x", "a\r\nb: c")]
    [InlineData("x", "a\0b")]
    [InlineData("x", "a\x01" + "b")]
    [InlineData("x", " a")]
    [InlineData("x", "a\t")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("connection", "close")]
    [InlineData("keep-alive", "1")]
    [InlineData("upgrade", "h2c")]
    [InlineData("proxy-connection", "x")]
    [InlineData("content-length", "+4")]
    [InlineData("content-length", "99999999999999999999999")]
    public async Task A_field_that_HTTP2_has_no_place_for_goes_nowhere(string name, string value)
    {
        (string, string)[] head = [(":method", "POST"), (":scheme", "http"), (":authority", "b"), (":path", "/s")];
        foreach (var port in Ports())
        {
            Assert.Equal("abcd", await RawHttp2.SendAsync(port, [.. head, ("x", "a")], "abcd"));
            var seen = Backend.Calls;

            Assert.NotEqual("abcd", await RawHttp2.SendAsync(port, [.. head, (name, value)], "abcd"));
            Assert.Equal(seen, Backend.Calls);
        }
    }

    [Theory]
    [InlineData("b", "B")]
    [InlineData("B", "b")]
    [InlineData("B", "B")]
    [InlineData("B:80", "b")]
    [InlineData("b", "other")] // RFC 9112 section 3.2.2: the target's counts, as in Envoy
    public async Task An_absolute_target_names_its_host_in_any_case(string inTarget, string inHeader)
    {
        foreach (var port in Ports())
        {
            var answer = await RawHttp.SendAsync(
                port, $"GET http://{inTarget}/s HTTP/1.1\r\nHost: {inHeader}\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 200 ", answer);
        }

        Assert.All(Backend.Requests, seen => Assert.Equal("/s", seen.RawTarget));
        Assert.All(Backend.Requests, seen => Assert.Matches("^[bB](:80)?$", seen.Headers["Host"]));
    }

    [Theory]
    [InlineData("b:80", "b:80")]
    [InlineData("b:80", "b")]
    [InlineData("B:80", "B:80")]
    [InlineData("b.:80", "b.:80")]
    [InlineData("b:80", "other:80")]
    public async Task The_port_of_an_absolute_target_stays_where_it_was_written(string inTarget, string inHeader)
    {
        foreach (var port in Ports())
        {
            Assert.StartsWith(
                "HTTP/1.1 200 ",
                await RawHttp.SendAsync(port, $"GET http://{inTarget}/s HTTP/1.1\r\nHost: {inHeader}\r\n\r\n"));
        }

        Assert.All(Backend.Requests, seen => Assert.Matches("^[bB]\\.?:80$", seen.Headers["Host"]));
    }

    [Theory]
    [InlineData("Connection: x-k\r\n")]
    [InlineData("Connection: keep-alive, X-K\r\n")]
    [InlineData("Connection: x-k,Keep-Alive\r\n")]
    [InlineData("Connection: close, x-k\r\n")]
    [InlineData("Connection: close\r\nConnection: x-k\r\n")]
    [InlineData("Connection: keep-alive\r\nConnection: x-k\r\n")]
    [InlineData("Connection: upgrade, x-k\r\nUpgrade: h2c\r\n")]
    public async Task What_Connection_names_ends_here_whatever_else_it_names(string connection)
    {
        foreach (var port in Ports())
        {
            var answer = await RawHttp.SendAsync(
                port, $"{Get}X-K: 1\r\nX-Kept: 1\r\n{connection}\r\n");

            Assert.StartsWith("HTTP/1.1 200 ", answer);
            var closes = connection.Contains("close", StringComparison.Ordinal);
            Assert.Equal(closes, answer!.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase));
        }

        Assert.Equal(3, Backend.Calls);
        Assert.All(Backend.Requests, seen => Assert.False(seen.Headers.ContainsKey("X-K")));
        Assert.All(Backend.Requests, seen => Assert.Equal("1", seen.Headers["X-Kept"]));
    }
}
