using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>The four forms of a request target (RFC 9112 section 3.2) and what is none, at every port that takes requests.</summary>
public sealed class RequestTargetTests : EveryPortTests
{
    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: h2c\r\n";

    [Theory]
    [InlineData("GET s")]
    [InlineData("GET s/t")]
    [InlineData("GET b:80")]
    [InlineData("GET ?x")]
    [InlineData("GET *")]
    [InlineData("GET */")]
    [InlineData("POST *")]
    [InlineData("options *")]
    [InlineData("OPTIONS *x")]
    [InlineData("OPTIONS s")]
    [InlineData("connect b:80")]
    [InlineData("BREW s")]
    [InlineData("GET HTTPX://b/s")]
    [InlineData("GET HTTP:/b/s")]
    [InlineData("GET ftp://b/s")]
    [InlineData("GET http:s")]
    [InlineData("GET  HTTP://b/s")]
    public async Task A_target_of_no_form_is_refused_and_its_connection_closed(string line)
    {
        foreach (var port in Ports())
        {
            foreach (var before in new[] { "", Request("GET /s"), Request("POST /s", body: "abcd") })
            {
                var answer = await RawHttp.ConverseAsync(port, $"{before}{line} HTTP/1.1\r\nHost: b\r\n\r\n");

                Assert.Equal(before.Length == 0 ? 0 : 1, Count(answer, "HTTP/1.1 200 "));
                Assert.Contains("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
                Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.All(Backend.Requests, seen => Assert.Equal("/s", seen.RawTarget));
    }

    [Fact]
    public async Task A_question_about_the_server_itself_has_no_route_and_its_connection_goes_on()
    {
        foreach (var port in Ports())
        {
            var answer = await RawHttp.ConverseAsync(
                port, Request("OPTIONS *") + Request("GET /s", "Connection: close\r\n"));

            Assert.StartsWith("HTTP/1.1 404 ", answer);
            Assert.Equal(1, Count(answer, "HTTP/1.1 200 "));
        }

        Assert.Equal(Ports().Length, Backend.Calls);
    }

    [Theory]
    [InlineData("GET", "s")]
    [InlineData("GET", "")]
    [InlineData("GET", "*")]
    [InlineData("GET", "http://b/s")]
    [InlineData("GET", "?x")]
    [InlineData("GET", "\\s")]
    [InlineData("POST", "*")]
    [InlineData("OPTIONS", "*")]
    [InlineData("OPTIONS", "*/s")]
    public async Task A_path_of_HTTP2_that_does_not_begin_with_a_slash_goes_nowhere(string method, string path)
    {
        foreach (var port in Ports())
        {
            (string, string)[] head = [(":method", method), (":scheme", "http"), (":authority", "b"), (":path", path)];

            Assert.True(string.IsNullOrEmpty(await RawHttp2.SendAsync(port, head)));
        }

        Assert.Equal(0, Backend.Calls);
    }

    [Theory]
    [InlineData("GET HTTP://b/s", "")]
    [InlineData("GET Http://b/s", "")]
    [InlineData("GET hTTps://b/s", "")]
    [InlineData("BREW HTTPS://b/s", "")]
    [InlineData("POST HTTP://b:80/s", "HTTP://b/")] // its content is nobody's to change
    public async Task The_scheme_of_a_target_means_the_same_in_any_case(string line, string body)
    {
        foreach (var port in Ports())
        {
            var twice = Request(line, body: body) + Request(line, "Connection: close\r\n", body);
            var whole = await RawHttp.ConverseAsync(port, twice);
            using var slow = await TunnelClient.SendInPiecesAsync(port, twice);
            var pieces = await slow.ReadToEndAsync();

            foreach (var answer in new[] { whole, pieces })
            {
                Assert.Equal(2, Count(answer, "HTTP/1.1 200 "));
                Assert.Equal(body.Length == 0 ? 0 : 2, body.Length == 0 ? 0 : Count(answer, body));
            }
        }

        Assert.All(Backend.Requests, seen => Assert.Equal("/s", seen.RawTarget));
        Assert.All(Backend.Requests, seen => Assert.Matches("^b(:80)?$", seen.Headers["Host"]));
    }

    public static TheoryData<string> Former => new()
    {
        Request("GET /s"),
        "\r\n" + Request("GET /s"),
        Request("GET /s") + "\r\n\r\n",
        Request("POST /s", body: "GET HTTP://x/ HTTP/1.1\r\n"),
        Request("POST /s", body: new string('x', 200_000)),
        Request("POST /s", "Transfer-Encoding: chunked\r\n", "4\r\nGET \r\n10\r\nHTTP://x/ HTTP/1\r\n0\r\nT: GET HTTP://x/\r\n\r\n"),
        Request("POST /s", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        Request("GET /s", Upgrade),
        Request("GET /s", "X: HTTP://x/\r\n"),
        Request("GET http://b/s") + Request("HEAD /s"),
    };

    [Theory]
    [MemberData(nameof(Former))]
    public async Task What_came_before_on_the_connection_does_not_matter(string former)
    {
        var last = Request("GET HTTP://b/s", "X-Last: HTTP://x/\r\nConnection: close\r\n");
        foreach (var port in Ports())
        {
            using var slow = former.Length < 1000 ? await TunnelClient.SendInPiecesAsync(port, former + last) : null;
            var answers = new[] { await RawHttp.ConverseAsync(port, former + last), slow is null ? null : await slow.ReadToEndAsync() };

            foreach (var answer in answers.OfType<string>())
            {
                Assert.DoesNotContain("HTTP/1.1 4", answer, StringComparison.Ordinal);
                Assert.True(Count(answer, "HTTP/1.1 200 ") >= 2, answer);
            }
        }

        Assert.All(Backend.Requests, seen => Assert.Equal("/s", seen.RawTarget));
        Assert.Equal(
            former.Length < 1000 ? 6 : 3,
            Backend.Requests.Count(seen => seen.Headers.TryGetValue("X-Last", out var value) && value == "HTTP://x/"));
    }

    [Fact]
    public async Task A_body_that_the_proxy_itself_has_answered_is_no_request()
    {
        var refused = Request("POST /%zz", body: "GET HTTP://x/");
        var direct = Request("POST /s", body: "HTTP://x/") + Request("GET HTTP://b/s", "Connection: close\r\n");
        Backend.Answer = (context, call) =>
        {
            if (call % 2 == 0) context.Response.StatusCode = 204;
            return Task.CompletedTask;
        };
        foreach (var port in Ports())
        {
            Assert.StartsWith("HTTP/1.1 400 ", await RawHttp.ConverseAsync(port, refused));
            var answer = await RawHttp.ConverseAsync(port, direct);

            Assert.Equal(2, Count(answer, "HTTP/1.1 20"));
        }
    }

    private static string Request(string line, string headers = "", string body = "")
    {
        var length = body.Length == 0 || headers.Contains("chunked", StringComparison.Ordinal) ? "" : $"Content-Length: {body.Length}\r\n";
        return $"{line} HTTP/1.1\r\nHost: b\r\n{headers}{length}\r\n{body}";
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
