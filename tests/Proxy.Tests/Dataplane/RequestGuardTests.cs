using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using MeshOrleans.Proxy.Dataplane.Connections;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>What is never carried as bytes, whatever server the application is.</summary>
public sealed class RequestGuardTests
{
    [Fact]
    public async Task However_it_is_cut_nothing_that_a_server_takes_for_a_request_passes()
    {
        string[] parts =
        [
            "GET", "POST", "FOO", "get", "G(T", " ", " ", "\t", "\v", "\u001c", "\u0085", "\r", "\n", "\r\n", "/", "/x", "x", "*", "http://b", "HTTP/1.1",
            "http/1.0", "HTTP/", "RTSP/1", "ICE/1", "1", "PROXY", "PRI * ", "\0", "{",
        ];
        string[][] requests =
        [
            ["", "", "\r\n", "\n\n", "\v"], ["GET", "POST", "FOO", "get", "G(T"], [" ", " ", " ", "\t", "\v", "\u001c"], ["/", "/x", "x", "*", "http://b"],
            [" ", " ", " ", "\t", "\f", ""], ["HTTP/1.1", "http/1.0", "RTSP/1", "ICE/1", "HTTP/", ""], ["\r\n", "\n", ""], ["a: b\r\n\r\n"],
        ];
        var random = new Random(20261129);
        var (failed, passed, served) = (0, 0, 0);
        for (var round = 0; round < 50_000; round++)
        {
            var any = Enumerable.Range(0, random.Next(1, 9)).Select(_ => parts[random.Next(parts.Length)]);
            var line = requests.Select(choices => choices[random.Next(choices.Length)]);
            var text = string.Concat(random.Next(2) == 0 ? any : line);
            var bytes = Encoding.Latin1.GetBytes(text);
            var pipe = new Pipe(new PipeOptions(useSynchronizationContext: false));
            var told = 0;
            var input = new WatchedInput(pipe.Reader, () => told++);
            var got = new List<byte>();
            try
            {
                for (var at = 0; at < bytes.Length;)
                {
                    var length = random.Next(1, bytes.Length - at + 1);
                    await pipe.Writer.WriteAsync(bytes.AsMemory(at, length));
                    at += length;
                    Assert.True(input.TryRead(out var result));
                    var taken = at == bytes.Length ? (int)result.Buffer.Length : random.Next((int)result.Buffer.Length + 1);
                    got.AddRange(result.Buffer.Slice(0, taken).ToArray());
                    input.AdvanceTo(result.Buffer.GetPosition(taken), result.Buffer.End);
                }

                passed++;
                Assert.Equal((0, text), (told, Encoding.Latin1.GetString([.. got])));
                Assert.False(IsServed(text), text);
            }
            catch (ConnectionAbortedException)
            {
                failed++;
                if (IsServed(text)) served++;
                Assert.Equal(1, told);
                Assert.False(IsServed(Encoding.Latin1.GetString([.. got])), text);
            }
        }

        Assert.True(failed > 5_000 && passed > 5_000 && served > 3_000, $"{failed} failed, {passed} passed, {served} would be served");
    }

    // What some server reads as the first line of a request, each by its own rule.
    private static bool IsServed(string text)
    {
        var behindControls = text.TrimStart([.. Enumerable.Range(0, 33).Select(c => (char)c), '\u007f', '\u0085']);
        var lines = text.TrimStart('\r', '\n').Split("\r\n");
        var words = lines.Length > 1 ? Words(lines[0]) : [];
        return Regex.IsMatch(text, "^PROXY[ \\t\\v\\f]")
            || Regex.IsMatch(text, "^[\\r\\n]*[A-Za-z!#$%&'*+.^_`|~-]+ [^ \\r\\n]+ HTTP/[0-9.]+(\\s|$)") // RFC 9112, blanks alone
            || Regex.IsMatch(text, "^[\\r\\n]*(GET|POST) (/|\\*|http://)[^ \\r\\n]*\\r?\\n") // llhttp, HTTP/0.9
            || Regex.IsMatch(text, "^[\\r\\n]*POST (/|\\*|http://)[^ \\r\\n]* RTSP/[0-9.]+(\\s|$)") // llhttp
            || Regex.IsMatch(text, "^[\\r\\n]*GET [^\\r\\n]*/[^\\r\\n]*\\r?\\n") // nginx, blanks in the target
            || Regex.IsMatch(behindControls, "^[^ \\r\\n]+ +[^ \\r\\n]+ +HTTP/[0-9.]+(\\s|$)") // Netty
            || (words is [_, _, var version] && Regex.IsMatch(version, "^HTTP/[0-9.]+(\\s|$)")) // Twisted, old gunicorn, Python
            || (text.Contains('\n') && Words(text.TrimStart('\r', '\n').Split('\n')[0]) is ["GET", _]); // Python, HTTP/0.9
    }

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("M-SEARCH * HTTP/1.0\n", nameof(SpokenProtocol.Http1))]
    [InlineData("GET", nameof(SpokenProtocol.Incomplete))]
    [InlineData("LOCK x HT", nameof(SpokenProtocol.Incomplete))]
    [InlineData("", nameof(SpokenProtocol.Incomplete))]
    [InlineData("\r\n\r\n", nameof(SpokenProtocol.Incomplete))]
    [InlineData("\r\n\r\n\0", nameof(SpokenProtocol.Incomplete))]
    [InlineData("\r\n\r\n\0\r\nQUIT\n", nameof(SpokenProtocol.ProxyHeader))]
    [InlineData("\r\n\r\n\0\r\nQUIX", nameof(SpokenProtocol.Doubtful))]
    [InlineData("PROXY", nameof(SpokenProtocol.ProxyHeader))]
    [InlineData("PROX", nameof(SpokenProtocol.Doubtful))]
    [InlineData("FOO x", nameof(SpokenProtocol.Doubtful))]
    [InlineData("FOO /", nameof(SpokenProtocol.Http1))]
    [InlineData("LOCK http:/", nameof(SpokenProtocol.Incomplete))]
    [InlineData("LOCK http://", nameof(SpokenProtocol.Http1))]
    [InlineData("a\u0085b\u000bRTSP/1.0\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("SOURCE x ICE/1.0 ", nameof(SpokenProtocol.Http1))]
    [InlineData("\r\n\r\nGET / HTTP/1.1\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("\0\nPOST /", nameof(SpokenProtocol.Http1))] // Netty
    [InlineData("POST\n/", nameof(SpokenProtocol.Http1))] // gunicorn
    [InlineData("post\nadmin\nHTTP/1.1\r\n", nameof(SpokenProtocol.Http1))] // Twisted
    [InlineData("post x?\u000b1 HTTP/1.1\r\n", nameof(SpokenProtocol.Http1))] // Kestrel
    [InlineData("post x HTTP/+1.1\r\n", nameof(SpokenProtocol.Http1))] // Go, old
    [InlineData("post x HTTP/ 1", nameof(SpokenProtocol.Http1))] // cheroot
    [InlineData("POST admin", nameof(SpokenProtocol.Http1))] // waitress
    [InlineData("post /admin FOO", nameof(SpokenProtocol.Http1))] // uWSGI
    [InlineData("GET /\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("GET foo", nameof(SpokenProtocol.Http1))] // Python reads HTTP/0.9, headers and all
    [InlineData("DESCRIBE rtsp://a/ RTSP/1.0\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("get /views/home\r\n", nameof(SpokenProtocol.Http1))] // memcached, the price
    [InlineData("get views\r\n", nameof(SpokenProtocol.Other))] // memcached
    [InlineData("SET foo bar\r\n", nameof(SpokenProtocol.Other))] // Redis
    [InlineData("10.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 5\n", nameof(SpokenProtocol.Other))] // a log of another server
    [InlineData("{\"m\":\"GET /x HTTP/1.1\",\"s\":200}\n", nameof(SpokenProtocol.Other))] // the same in JSON
    [InlineData("CONNECT\naccept-version:1.2\n", nameof(SpokenProtocol.Doubtful))] // STOMP
    [InlineData("CONNECT {", nameof(SpokenProtocol.Incomplete))] // NATS
    [InlineData("PING\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("*1\r\n$4\r\nPING\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("foo.bar 1 1700000000\n", nameof(SpokenProtocol.Other))] // Graphite
    [InlineData("\u0010\u0026\0\u0004MQTT", nameof(SpokenProtocol.Doubtful))]
    [InlineData("AMQP\0\0\t\u0001", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\u0016\u0003\u0001", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\0\0\0\u0008", nameof(SpokenProtocol.Doubtful))] // Kafka, PostgreSQL
    [InlineData("\r\n\0", nameof(SpokenProtocol.Doubtful))]
    [InlineData("{\"a\":1}", nameof(SpokenProtocol.Doubtful))]
    [InlineData("{\"a\": 1, \"b\"", nameof(SpokenProtocol.Other))]
    public void What_may_be_a_request_is_told_by_the_first_line(string arrived, string spoken)
    {
        var guard = default(RequestGuard);
        guard.Add(Encoding.Latin1.GetBytes(arrived));

        Assert.Equal(spoken, guard.Spoken.ToString());
    }

    [Theory]
    [InlineData("x", 1_100_000, "\r\n", nameof(SpokenProtocol.Other))]
    [InlineData("x", 1_100_000, " x HTTP/1.1\r\n", nameof(SpokenProtocol.Http1))]
    [InlineData("x", 100_000, "", nameof(SpokenProtocol.Doubtful))]
    [InlineData("\r\n", 600_000, "POST /", nameof(SpokenProtocol.Http1))]
    public void Long_beginnings_are_watched_to_their_end(string begin, int times, string end, string spoken)
    {
        var guard = default(RequestGuard);
        for (; times > 0; times--) guard.Add(Encoding.Latin1.GetBytes(begin));
        guard.Add(Encoding.Latin1.GetBytes(end));

        Assert.Equal(spoken, guard.Spoken.ToString());
    }

    [Theory]
    [InlineData("post x HTTP/", nameof(SpokenProtocol.Http1))] // its end may be that of the connection
    [InlineData("post x HTTP", nameof(SpokenProtocol.Doubtful))]
    [InlineData("post x HTTP/1.1x", nameof(SpokenProtocol.Other))]
    public void What_is_carried_is_watched_for_what_may_end_anywhere(string arrived, string spoken)
    {
        var guard = default(RequestGuard);
        guard.Add(Encoding.Latin1.GetBytes(arrived));

        Assert.Equal(spoken, guard.SpokenSoFar.ToString());
    }
}
