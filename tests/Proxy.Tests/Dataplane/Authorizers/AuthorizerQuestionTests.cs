using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Tests.Dataplane.Authorizers;

/// <summary>What authorizers are shown, and what their answers change.</summary>
public sealed class AuthorizerQuestionTests
{
    [Fact]
    public async Task HTTP_shows_the_headers_that_are_named_with_every_value_and_those_that_are_added()
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false, a => a with
        {
            PathPrefix = "/check",
            RequestHeaders = Names("x-role", "cookie", "content-type"),
            AdditionalHeaders = [new("x-from", "mesh"), new("x-role-of", "w")],
        });

        await port.SendAsync(
            "/ask/%61?b=c", "", "X-Role: user", "X-Role: admin", "Authorization: Bearer t", "Cookie: a=b", "Cookie: c=d",
            "X-Other: 1", "X-From: caller", "Content-Type: text/x");

        var question = Assert.Single(port.Authorizer.Questions);
        Assert.Equal(("GET", "/check/ask/a?b=c"), (question.Verb, question.Target));
        Assert.Equal("user,admin", question.Headers["x-role"].Replace(", ", ",", StringComparison.Ordinal));
        Assert.Equal("a=b; c=d", question.Headers["cookie"].Replace(",", ";", StringComparison.Ordinal).Replace(";c", "; c", StringComparison.Ordinal));
        Assert.Equal(
            ("Bearer t", "b", "mesh", "w", "text/x"),
            (question.Headers["authorization"], question.Headers["host"], question.Headers["x-from"],
                question.Headers["x-role-of"], question.Headers["content-type"]));
        Assert.False(question.Headers.ContainsKey("x-other"));
        Assert.Equal("caller", Assert.Single(port.App.Requests).Headers["x-from"]);
    }

    [Fact]
    public async Task HTTP_answers_change_the_headers_that_are_named()
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: false, a => a with
        {
            ToUpstreamOnAllow = Names("x-user", "x-forwarded-client-cert", "x-envoy-original-path", "host"),
            ToDownstreamOnAllow = Names("x-session"),
        });
        port.Authorizer.Answer = (_, context) =>
        {
            foreach (var name in new[] { "x-user", "x-session", "x-secret", "x-forwarded-client-cert", "x-envoy-original-path" })
            {
                context.Response.Headers[name] = "set";
            }

            context.Response.Headers["x-envoy-auth-headers-to-remove"] = "x-gone, host";
            return Task.CompletedTask;
        };

        var answer = await port.SendAsync("/ask", "", "X-User: forged", "X-User: twice", "X_User: twin", "X-Gone: 1");

        var seen = Assert.Single(port.App.Requests).Headers;
        Assert.Equal(("set", "b"), (seen["x-user"], seen["host"]));
        Assert.DoesNotContain(seen.Keys, name => name.ToLowerInvariant() is "x-secret" or "x_user" or "x-session" or "x-gone"
            or "x-forwarded-client-cert" or "x-envoy-original-path");
        Assert.Contains("x-session: set\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-secret", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_of_HTTP_has_all_headers_or_those_that_are_named(bool areNamed)
    {
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc: false, a => a with { ToDownstreamOnDeny = areNamed ? Names("x-why") : null });
        port.Authorizer.Answer = (_, context) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "https://login.example/";
            context.Response.Headers["x-why"] = "login";
            context.Response.Headers["x-more"] = "1";
            return context.Response.WriteAsync("log in");
        };

        var answer = await port.SendAsync("/ask");

        Assert.StartsWith("HTTP/1.1 302", answer, StringComparison.Ordinal);
        Assert.Contains("Location: https://login.example/\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-why: login\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(!areNamed, answer.Contains("x-more: 1\r\n", StringComparison.OrdinalIgnoreCase));
        Assert.EndsWith("\r\n\r\nlog in", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GRPC_shows_all_headers_with_every_value_and_its_answers_change_them()
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: true);
        port.Authorizer.Answer = (_, context) => TestAuthorizer.AnswerGrpcAsync(context, TestAuthorizer.Allow(
            [("x-user", "alice"), ("x-forwarded-client-cert", "forged"), (":path", "/admin")], ["x-gone", "host"], [("x-session", "s")]));

        var answer = await port.SendAsync(
            "/ask/%61?b=c", "", "X-Role: user", "X-Role: admin", "X-User: forged", "X-Gone: 1", "Cookie: a=b", "Cookie: c=d", "X-Bytes: \xc3\xa9");

        var question = Assert.Single(port.Authorizer.Questions);
        Assert.Equal(("GET", "/ask/a?b=c", ""), (question.Verb, question.Target, question.Principal));
        Assert.Equal(
            ("user,admin", "a=b; c=d", "b", "/ask/a?b=c", "GET", "é"),
            (question.Headers["x-role"], question.Headers["cookie"], question.Headers[":authority"],
                question.Headers[":path"], question.Headers[":method"], question.Headers["x-bytes"]));
        Assert.True(question.Headers.ContainsKey("x-request-id"));
        var seen = Assert.Single(port.App.Requests);
        Assert.Equal(("/ask/a?b=c", "alice", "b"), (seen.RawTarget, seen.Headers["x-user"], seen.Headers["host"]));
        Assert.DoesNotContain(seen.Headers.Keys, name => name.ToLowerInvariant() is "x-gone" or "x-forwarded-client-cert");
        Assert.Contains("x-session: s\r\n", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task GRPC_shows_bytes_that_are_no_text_as_far_as_text_can()
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: true);

        await port.SendAsync("/ask", "", "X-Bytes: a\u00ff\u00c3\u00a9b");

        Assert.Equal("a!éb", Assert.Single(port.Authorizer.Questions).Headers["x-bytes"]);
    }

    [Fact]
    public async Task A_refusal_of_gRPC_says_what_the_authorizer_says()
    {
        await using var port = await AuthorizedPort.StartAsync(isGrpc: true);
        port.Authorizer.Answer = (_, context) => TestAuthorizer.AnswerGrpcAsync(
            context, TestAuthorizer.Deny(401, "who?", ("www-authenticate", "Bearer"), ("content-length", "1")));

        var answer = await port.SendAsync("/ask");

        Assert.StartsWith("HTTP/1.1 401", answer, StringComparison.Ordinal);
        Assert.Contains("www-authenticate: Bearer\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nwho?", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 10, false, "0123456789", 200, "0123456789", "false")]
    [InlineData(false, 9, false, "0123456789", 413, null, null)]
    [InlineData(false, 4, true, "0123456789", 200, "0123", "true")]
    [InlineData(false, 64, true, "0123456789", 200, "0123456789", "false")]
    [InlineData(true, 10, false, "0123456789", 200, "0123456789", "false")]
    [InlineData(true, 9, false, "0123456789", 413, null, null)]
    [InlineData(true, 4, true, "0123456789", 200, "0123", "true")]
    public async Task The_body_is_shown_as_far_as_is_allowed_and_the_application_gets_all_of_it(
        bool isGrpc, int most, bool isPartial, string body, int status, string? shown, string? mark)
    {
        await using var port = await AuthorizedPort.StartAsync(
            isGrpc, a => a with { Body = new ShownBodyModel(most, isPartial, AsBytes: false) });
        port.App.Answer = async (context, _) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync(await reader.ReadToEndAsync());
        };

        var answers = new[]
        {
            await port.SendAsync("/ask", body),
            (await Fixtures.RawHttp.SendAsync(
                port.Proxy.InboundPort,
                "POST /ask HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"
                + $"3\r\n{body[..3]}\r\n{body.Length - 3:x}\r\n{body[3..]}\r\n0\r\n\r\n"))!,
        };

        foreach (var answer in answers)
        {
            Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
            if (status == 200) Assert.Contains(body, answer, StringComparison.Ordinal);
        }

        Assert.All(port.Authorizer.Questions, q => Assert.Equal(
            (shown, mark), (q.Body, q.Headers["x-envoy-auth-partial-body"])));
        Assert.Equal(shown is null ? 0 : 2, port.Authorizer.Questions.Count);
    }

    private static HeaderNames Names(params string[] names) =>
        new([.. names.Select(n => StringMatcher.Exact(n, ignoreCase: true))]);
}
