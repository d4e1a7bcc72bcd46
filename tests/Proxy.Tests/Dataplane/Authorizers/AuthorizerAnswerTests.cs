using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Dataplane.Authorizers;

/// <summary>What authorizers may answer, and what becomes of the request (behaviour row 82, reliability P5).</summary>
public sealed class AuthorizerAnswerTests
{
    private const string Hangs = "hangs";

    [Theory]
    [InlineData("200", 200, "app")]
    [InlineData("201", 201, "no")] // 200 alone allows
    [InlineData("302", 302, "no")]
    [InlineData("401", 401, "no")]
    [InlineData("403", 403, "no")]
    [InlineData("404", 404, "no")]
    [InlineData("500", 418, "")]
    [InlineData("503", 418, "")]
    [InlineData(Hangs, 418, "")]
    [InlineData("hangs in its body", 418, "")]
    [InlineData("closes", 418, "")]
    [InlineData("closes in its body", 418, "")]
    [InlineData("oversized", 418, "")]
    public async Task An_HTTP_authorizer(string answer, int status, string body)
    {
        foreach (var isFailOpen in new[] { false, true })
        {
            await using var port = await StartAsync(isGrpc: false, answer, isFailOpen);
            port.Authorizer.Answer = (_, context) => AnswerAsync(context, answer);

            await CheckAsync(port, isFailOpen && status == 418 ? (200, "app") : (status, body), status);
        }
    }

    [Theory]
    [InlineData("allow", 200, "app")]
    [InlineData("deny", 403, "")]
    [InlineData("deny 401", 401, "no")]
    [InlineData("deny 99", 403, "no")] // no status of an answer
    [InlineData("silence", 418, "")] // neither yes nor no
    [InlineData("garbage", 418, "")]
    [InlineData("truncated", 418, "")]
    [InlineData("wrong length", 418, "")]
    [InlineData("compressed", 418, "")]
    [InlineData("injection", 418, "")]
    [InlineData("status twice", 418, "")]
    [InlineData("ok twice", 418, "")]
    [InlineData("sets a parameter", 418, "")]
    [InlineData("removes a parameter", 418, "")]
    [InlineData("status 14", 418, "")]
    [InlineData("no status", 418, "")]
    [InlineData("500", 418, "")]
    [InlineData(Hangs, 418, "")]
    [InlineData("hangs in its body", 418, "")]
    [InlineData("closes", 418, "")]
    [InlineData("oversized", 418, "")]
    public async Task A_gRPC_authorizer(string answer, int status, string body)
    {
        foreach (var isFailOpen in new[] { false, true })
        {
            await using var port = await StartAsync(isGrpc: true, answer, isFailOpen);
            port.Authorizer.Answer = (_, context) => answer switch
            {
                "allow" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Allow()),
                "deny" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Deny()),
                "deny 401" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Deny(401, "no")),
                "deny 99" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Deny(99, "no")),
                "silence" => TestAuthorizer.AnswerGrpcAsync(context, []),
                "garbage" => TestAuthorizer.AnswerGrpcAsync(context, [0xff, 0xff, 0xff]),
                "truncated" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Allow([("a", "b")])[..^1]),
                "wrong length" => RawAsync(context, [0, 0, 0, 0, 9, 10, 0]),
                "compressed" => RawAsync(context, [1, 0, 0, 0, 2, 10, 0]),
                "injection" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Allow([("a", "b\r\nc: d")])),
                "status twice" => TestAuthorizer.AnswerGrpcAsync(context, [.. TestAuthorizer.Deny(), 10, 0]),
                "ok twice" => TestAuthorizer.AnswerGrpcAsync(context, [10, 0, 26, 0, 26, 0]),
                "sets a parameter" => TestAuthorizer.AnswerGrpcAsync(context, [10, 0, 26, 8, 58, 6, 10, 1, (byte)'a', 18, 1, (byte)'b']),
                "removes a parameter" => TestAuthorizer.AnswerGrpcAsync(context, [10, 0, 26, 3, 66, 1, (byte)'a']),
                "status 14" => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Allow(), "14"),
                "no status" => context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 10, 0 }).AsTask(),
                _ => AnswerAsync(context, answer),
            };

            await CheckAsync(port, isFailOpen && status == 418 ? (200, "app") : (status, body), status);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_authorizer_that_is_not_there_lets_nobody_in(bool isGrpc)
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var free = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        await using var nobody = await AuthorizedPort.StartAsync(isGrpc, port: free);
        await using var nowhere = await AuthorizedPort.StartAsync(isGrpc, a => a with { Cluster = "none" });

        Assert.StartsWith("HTTP/1.1 403", await nobody.SendAsync("/ask"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await nowhere.SendAsync("/ask"), StringComparison.Ordinal);
        Assert.Equal((0, 0), (nobody.App.Calls, nowhere.App.Calls));
        Assert.Contains(nowhere.Proxy.Log, line => line.Contains("there is no cluster none", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("HTTP/1.1 2OO OK\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")]
    public async Task What_is_no_HTTP_lets_nobody_in(string bytes)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var serving = ServeAsync(server, bytes);
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false, port: ((IPEndPoint)server.LocalEndpoint).Port);

        Assert.StartsWith("HTTP/1.1 403", await port.SendAsync("/ask"), StringComparison.Ordinal);

        Assert.Equal(0, port.App.Calls);
        server.Stop();
        await serving;
    }

    [Fact]
    public async Task Only_what_the_rules_match_is_asked_about_and_its_word_comes_before_DENY_and_ALLOW()
    {
        var deny = Fixtures.Models.Rules(AuthorizationAction.Deny, new RequestRule.UrlPath(StringMatcher.Suffix("/no")));
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false, rules: deny);
        port.Authorizer.Answer = (question, context) =>
        {
            context.Response.StatusCode = question.Target.Contains("teapot", StringComparison.Ordinal) ? 401 : 200;
            return Task.CompletedTask;
        };

        Assert.StartsWith("HTTP/1.1 200", await port.SendAsync("/other"), StringComparison.Ordinal);
        Assert.Empty(port.Authorizer.Questions);
        Assert.StartsWith("HTTP/1.1 401", await port.SendAsync("/ask/teapot/no"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await port.SendAsync("/ask/no"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await port.SendAsync("/ask"), StringComparison.Ordinal);
        Assert.Equal((3, 2), (port.Authorizer.Questions.Count, port.App.Calls));
    }

    private static Task<AuthorizedPort> StartAsync(bool isGrpc, string answer, bool isFailOpen) => AuthorizedPort.StartAsync(isGrpc, a => a with
    {
        FailOpen = isFailOpen,
        StatusOnError = 418,
        Timeout = answer.StartsWith(Hangs, StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(300) : a.Timeout,
    });

    private static async Task ServeAsync(TcpListener server, string bytes)
    {
        try
        {
            while (true)
            {
                using var client = await server.AcceptTcpClientAsync();
                await client.GetStream().ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false);
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes));
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException or IOException)
        {
            // the test is over
        }
    }

    private static async Task CheckAsync(AuthorizedPort port, (int Status, string Body) expected, int verdict)
    {
        var answer = await port.SendAsync("/ask/x?y=1");

        Assert.StartsWith($"HTTP/1.1 {expected.Status} ", answer, StringComparison.Ordinal);
        Assert.EndsWith(
            expected.Status == 200 ? "\r\n3\r\napp\r\n0\r\n\r\n" : "\r\n\r\n" + expected.Body, answer, StringComparison.Ordinal);
        Assert.Equal(expected.Status == 200 ? 1 : 0, port.App.Calls);
        Assert.Equal("/ask/x?y=1", port.Authorizer.Questions.First().Target);
        if (expected.Status == 200) return;
        await port.Proxy.CountedAsync(1, expected.Status, ResponseFlags.UnauthorizedExternalService);
        Assert.Contains(port.Proxy.Log, l => l.Contains($"by authorizer checker for {AuthorizedPort.Policy}", StringComparison.Ordinal));
        await port.Proxy.ToldAsync(
            $"mesh_ext_authz_total{{provider=\"checker\",outcome=\"{(verdict == 418 ? "failed" : "denied")}\"}} 1");
    }

    private static async Task RawAsync(HttpContext context, byte[] frame)
    {
        await context.Response.Body.WriteAsync(frame);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task AnswerAsync(HttpContext context, string answer)
    {
        switch (answer)
        {
            case Hangs:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case "hangs in its body":
                context.Response.ContentLength = 10;
                await context.Response.WriteAsync("no");
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case "closes":
                context.Abort();
                break;
            case "closes in its body":
                context.Response.StatusCode = 403;
                context.Response.ContentLength = 10;
                await context.Response.WriteAsync("no");
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case "oversized":
                context.Response.StatusCode = 200;
                await context.Response.Body.WriteAsync(new byte[2 * 1024 * 1024]);
                break;
            default:
                context.Response.StatusCode = int.Parse(answer, CultureInfo.InvariantCulture);
                if (answer != "200") await context.Response.WriteAsync("no");
                break;
        }
    }
}
