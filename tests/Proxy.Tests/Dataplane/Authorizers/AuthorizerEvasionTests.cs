using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Dataplane.Authorizers;

/// <summary>What a caller may try to be let in without the authorizer, or past what it says (behaviour row 82).</summary>
public sealed class AuthorizerEvasionTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task An_upgrade_that_is_none_hides_no_body(bool isGrpc, bool isTooLong)
    {
        const string Body = "0123456789";
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc, a => a with { Body = new ShownBodyModel(isTooLong ? 4 : 64, AllowPartial: false, AsBytes: false) });
        port.App.Answer = async (context, _) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync(await reader.ReadToEndAsync());
        };
        string[] heads =
        [
            $"Upgrade: x\r\nContent-Length: {Body.Length}\r\n\r\n{Body}",
            $"Upgrade: websocket\r\nContent-Length: {Body.Length}\r\n\r\n{Body}",
            $"Upgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{Body}\r\n0\r\n\r\n",
        ];

        foreach (var head in heads)
        {
            var answer = await RawHttp.SendAsync(port.Proxy.InboundPort, "POST /ask HTTP/1.1\r\nHost: b\r\n" + head);
            Assert.StartsWith(isTooLong ? "HTTP/1.1 413" : "HTTP/1.1 200", answer, StringComparison.Ordinal);
        }

        await RawHttp2.SendAsync(
            port.Proxy.InboundPort,
            [(":method", "POST"), (":scheme", "http"), (":authority", "b"), (":path", "/ask"), ("upgrade", "x")],
            Body);

        Assert.All(port.Authorizer.Questions, q => Assert.Equal(Body, q.Body));
        Assert.Equal(port.App.Calls, port.Authorizer.Questions.Count);
        Assert.Equal(isTooLong, port.App.Calls == 0);
    }

    [Theory]
    [InlineData("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 10\r\n\r\n0123456789")]
    [InlineData("Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 10\r\n\r\n0123456789")]
    [InlineData("Connection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n")]
    public async Task An_upgrade_with_a_body_shows_it_or_does_not_arrive(string head)
    {
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc: false, a => a with { Body = new ShownBodyModel(4, AllowPartial: false, AsBytes: false) });

        var answer = await RawHttp.SendAsync(port.Proxy.InboundPort, "POST /ask HTTP/1.1\r\nHost: b\r\n" + head);

        Assert.StartsWith("HTTP/1.1 4", answer, StringComparison.Ordinal);
        Assert.Equal(0, port.App.Calls);
    }

    [Theory]
    [InlineData(true, "Authorization")]
    [InlineData(true, "Content-Type")]
    [InlineData(false, "Authorization")]
    [InlineData(false, "content-type")]
    public async Task Headers_that_are_added_replace_those_of_the_request_whatever_they_are(bool hasBody, string name)
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false, a => a with
        {
            Body = new ShownBodyModel(64, AllowPartial: false, AsBytes: false),
            FailOpen = true,
            RequestHeaders = Names("content-type"),
            AdditionalHeaders = [new(name, "mesh/secret")],
        });
        port.Authorizer.Answer = (_, context) =>
        {
            context.Response.StatusCode = 403;
            return Task.CompletedTask;
        };

        var answer = await port.SendAsync("/ask", hasBody ? "abc" : "", $"{name}: forged/x");

        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
        Assert.Equal("mesh/secret", Assert.Single(port.Authorizer.Questions).Headers[name]);
        Assert.Equal(0, port.App.Calls);
    }

    [Fact]
    public async Task A_request_of_which_no_question_can_be_made_is_refused_even_by_who_fails_open()
    {
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc: false, a => a with { FailOpen = true, StatusOnError = 418 });

        var answer = await RawHttp.SendAsync(port.Proxy.InboundPort, "GET /ask HTTP/1.1\r\nHost: b:99999\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 4", answer, StringComparison.Ordinal);
        Assert.Equal(0, port.App.Calls);
    }

    [Theory]
    [InlineData("8")] // larger than the authorizer takes
    [InlineData("3")]
    public async Task A_question_that_the_authorizer_does_not_take_is_no_failure_of_the_authorizer(string status)
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: true, a => a with { FailOpen = true });
        port.Authorizer.Answer = (_, context) => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Allow(), status);

        Assert.StartsWith("HTTP/1.1 403", await port.SendAsync("/ask"), StringComparison.Ordinal);
        Assert.Equal(0, port.App.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_WebSocket_of_HTTP2_is_a_GET_for_policies_and_the_authorizer(bool isGrpc)
    {
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc, rules: Models.Rules(AuthorizationAction.Deny, Get));
        await using var open = await AuthorizedPort.StartAsync(isGrpc, a => a with { Timeout = TimeSpan.FromSeconds(5) });
        var methods = new ConcurrentQueue<string>();
        open.App.Answer = async (context, _) =>
        {
            methods.Enqueue(context.Request.Method);
            if (!context.Request.Headers.Upgrade.Contains("websocket")) return;
            context.Response.StatusCode = 403; // seen, and that is all that is wanted
            await context.Response.CompleteAsync();
        };

        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            await RefusedAsync(port, "/other", version);
            await RefusedAsync(open, "/ask/x", version);
        }

        Assert.Equal(0, port.App.Calls);
        Assert.Equal([("GET", "/ask/x"), ("GET", "/ask/x")], open.Authorizer.Questions.Select(q => (q.Verb, q.Target)));
        Assert.Equal(["GET", "GET"], methods);
    }

    [Theory]
    [InlineData("connect-udp")]
    [InlineData(null)]
    public async Task Other_tunnels_do_not_pass(string? protocol)
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false);
        (string, string)[] head = [(":method", "CONNECT"), (":authority", "b:80")];
        if (protocol is not null) head = [.. head, (":protocol", protocol), (":scheme", "http"), (":path", "/other")];

        await RawHttp2.SendAsync(port.Proxy.InboundPort, head);
        var answer = await RawHttp.SendAsync(port.Proxy.InboundPort, "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n");

        Assert.True(answer is null || !answer.StartsWith("HTTP/1.1 2", StringComparison.Ordinal), answer);
        Assert.Equal(0, port.App.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_only_the_authorizer_may_say_is_not_taken_from_the_caller(bool isDown)
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false, a => a with
        {
            FailOpen = true,
            RequestHeaders = Names("x-user"),
            ToUpstreamOnAllow = new([.. Names("x-user", "authorization").Matchers, StringMatcher.Prefix("x-any-", ignoreCase: true)]),
        });
        port.Authorizer.Answer = (_, context) =>
        {
            context.Response.StatusCode = isDown ? 503 : 200;
            context.Response.Headers["x-envoy-auth-headers-to-remove"] = "x-gone";
            return Task.CompletedTask;
        };

        await port.SendAsync(
            "/ask", "", "X-User: forged", "X_User: twin", "X_Gone: twin", "X-Gone: 1", "Authorization: Bearer t", "X-Any-1: 1");

        var seen = Assert.Single(port.App.Requests).Headers;
        Assert.DoesNotContain(seen.Keys, name => name.ToLowerInvariant() is "x-user" or "x_user");
        Assert.Equal(isDown, seen.ContainsKey("x_gone") && seen.ContainsKey("x-gone"));
        Assert.Equal(("Bearer t", "1"), (seen["authorization"], seen["x-any-1"])); // the caller's own, and no name
        Assert.Equal("forged", Assert.Single(port.Authorizer.Questions).Headers["x-user"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_only_a_token_says_is_not_taken_from_the_caller_by_CUSTOM_either(bool isGrpc)
    {
        var rule = new TokenRule { Issuer = "i", ClaimHeaders = [new ClaimHeader("x-sub", "sub")] };
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc,
            a => a with { RequestHeaders = Names("x-sub", "x_sub") },
            inbound: p => p with { Tokens = new TokenAuthentication([rule]) });

        await port.SendAsync("/ask", "", "X-Sub: forged", "X_Sub: twin");

        var question = Assert.Single(port.Authorizer.Questions);
        Assert.DoesNotContain(question.Headers.Keys, name => name.ToLowerInvariant() is "x-sub" or "x_sub");
    }

    [Fact]
    public async Task An_authorizer_does_not_change_who_the_original_client_is()
    {
        var deny = Models.Rules(
            AuthorizationAction.Deny, new RequestRule.Always(), new RequestRule.RemoteAddress(IPNetwork.Parse("203.0.113.7/32")));
        await using var port = await AuthorizedPort.StartAsync(isGrpc: true, rules: deny);
        port.Authorizer.Answer = (_, context) => TestAuthorizer.AnswerGrpcAsync(
            context, TestAuthorizer.Allow([("x-forwarded-for", "198.51.100.1")]));

        var answer = await port.SendAsync("/ask", "", "X-Forwarded-For: 203.0.113.7");

        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
        Assert.Equal(0, port.App.Calls);
    }

    private static RequestRule Get => new RequestRule.Header(HeaderMatcher.Of(":method", StringMatcher.Exact("GET")));

    private static async Task RefusedAsync(AuthorizedPort port, string path, Version version)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = version;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(
            new Uri($"ws://127.0.0.1:{port.Proxy.InboundPort}{path}"), invoker, limit.Token));
        Assert.Contains("403", refused.ToString(), StringComparison.Ordinal);
    }

    private static HeaderNames Names(params string[] names) =>
        new([.. names.Select(n => StringMatcher.Exact(n, ignoreCase: true))]);
}
