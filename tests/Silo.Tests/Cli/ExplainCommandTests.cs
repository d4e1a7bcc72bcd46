using System.Text.Json;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Explanations;
using MeshOrleans.Silo.Tests.Explanations;

namespace MeshOrleans.Silo.Tests.Cli;

public sealed class ExplainCommandTests
{
    private const string Forwarded = """
        {"verdict":{"status":200,"outcome":"Forwarded","reachesApplication":true,"isCertain":true,"reason":"reaches app/b-1",
          "outcomes":[{"percent":100,"status":200,"outcome":"Forwarded","reachesApplication":true,"reason":"reaches app/b-1"}]},
         "source":{"namespace":"app","workload":"a-1","serviceAccount":"a","identity":"spiffe://m/ns/app/sa/a","labels":{},"plaintext":false},
         "destination":{"authority":"b","port":80,"host":"b.app.svc.cluster.local","method":"GET","path":"/x"},
         "outbound":{"virtualHost":"b.app.svc.cluster.local:80",
           "virtualServices":[{"name":"app/old","counts":true,"reason":"answers for b"},{"name":"app/new","counts":false,"reason":"is younger than app/old"}],
           "routes":[{"place":"http[0].match[0]","name":"vip","verdict":"Differs","reason":"header t: wanted exact \"vip\", got none"},
                     {"place":"http[1]","name":"","verdict":"Matched","reason":""}],
           "action":{"kind":"forward","details":["timeout 3 s in all"]}},
         "clusters":[{"name":"outbound|80||b","percent":100,"exists":true,"destinationRules":[],"tls":"mesh mTLS to all",
           "endpoints":{"healthy":1,"draining":0,"unhealthy":0,"mesh":1},
           "inbound":[{"workloads":["app/b-1"],"count":1,"port":8080,"transport":"mutualTls","authentication":"STRICT",
             "authenticationFrom":"PeerAuthentication app/p, namespace","rateLimits":[],"status":200,"reason":"reaches app/b-1",
             "policies":[{"name":"app/allow","action":"ALLOW","applies":true,"dryRun":false,"matchedRule":1,"reason":"","rules":["path: wanted x","" ]},
                         {"name":"app/other","action":"DENY","applies":false,"dryRun":false,"matchedRule":null,"reason":"selects app=c","rules":[]}]}]}]}
        """;

    [Fact]
    public async Task The_way_of_a_request_is_told_with_what_counts_and_what_does_not()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/explain", Forwarded);

        var result = await cli.RunAsync("explain", "--from", "app/a-1", "--to", "b", "--path", "/x");

        Assert.Equal(
            """
            from     app/a-1, spiffe://m/ns/app/sa/a
            request  GET /x to b, port 80: b.app.svc.cluster.local
            verdict  200 Forwarded: reaches app/b-1

            VirtualServices
              + app/old answers for b
              - app/new is younger than app/old
            routes of b.app.svc.cluster.local:80
              - http[0].match[0] vip: header t: wanted exact "vip", got none
              + http[1]
                forward
                timeout 3 s in all

            100 % to outbound|80||b
              mesh mTLS to all
              members: 1 healthy (1 by mesh mTLS), 0 draining, 0 unhealthy
              at app/b-1: port 8080, mutualTls
                STRICT: PeerAuthentication app/p, namespace
                + ALLOW app/allow
                  - rule 0: path: wanted x
                  + rule 1 matches
                - DENY app/other: selects app=c
                200: reaches app/b-1

            """,
            result.Out);
        Assert.Equal((0, ""), (result.Code, result.Error));
    }

    [Theory]
    [InlineData("200", 0)]
    [InlineData("301", 0)]
    [InlineData("403", 1)]
    [InlineData("null", 1)]
    public async Task The_exit_code_says_whether_the_client_would_be_content(string status, int code)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/explain", Forwarded.Replace("\"status\":200", $"\"status\":{status}", StringComparison.Ordinal));

        Assert.Equal(code, (await cli.RunAsync("explain", "--from", "a", "--to", "b")).Code);
    }

    [Fact]
    public async Task The_question_is_sent_as_it_was_asked()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/explain", Forwarded);

        var result = await cli.RunAsync(
            "explain", "--from", "shop/x", "--to", "b:81", "--method", "POST", "-H", "t: vip", "-H", "T:2", "-H", "u: a:b", "-H", "t: 3,4", "--plaintext", "true",
            "--service-account", "s", "-l", "app=x", "-o", "json");

        Assert.Equal(Forwarded + "\n", result.Out);
        using var body = JsonDocument.Parse(Assert.Single(cli.Api.Requests).Body);
        Assert.Equal(
            """{"from":"shop/x","to":"b:81","method":"POST","path":"/","headers":{"t":["vip","2","3,4"],"u":"a:b"},"plaintext":true,"serviceAccount":"s","labels":{"app":"x"}}""",
            body.RootElement.GetRawText());
    }

    [Fact]
    public async Task The_command_reads_what_the_endpoint_writes()
    {
        await using var cli = await CliRun.StartAsync();
        var told = ExplainedMesh.With().Ask("b", "/x", ("content-type", "application/grpc"));
        cli.Api.On("POST /v1/explain", JsonSerializer.Serialize(told, ApiJson.Options));

        var result = await cli.RunAsync("explain", "--from", "app/a-1", "--to", "b");

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(
            [
                "from     app/a-1, spiffe://cluster.local/ns/app/sa/a",
                "request  GET /x to b, port 80: b.app.svc.cluster.local",
                "verdict  200 Forwarded: reaches app/b-1 on port 8080: no AuthorizationPolicy applies",
            ],
            result.Lines.Take(3));
        Assert.Contains("  members: 2 healthy (2 by mesh mTLS), 0 draining, 0 unhealthy", result.Lines);
        Assert.Contains("    PERMISSIVE: no PeerAuthentication speaks of it", result.Lines);
    }

    [Fact]
    public async Task The_way_through_a_gateway_is_told_hop_by_hop()
    {
        await using var cli = await CliRun.StartAsync();
        var told = ExplainedMesh.WithGateways("""
            {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: edge, namespace: app}, spec: {hosts: [b.example], gateways: [istio-system/gw], http: [{route: [{destination: {host: b}}]}]}}
            """).Ask(new ExplainRequest { Gateway = "istio-system/in-1", To = "b.example", ClientAddress = "203.0.113.7" });
        cli.Api.On("POST /v1/explain", JsonSerializer.Serialize(told, ApiJson.Options));

        var result = await cli.RunAsync(
            "explain", "--gateway", "istio-system/in-1", "--to", "b.example", "--client-address", "203.0.113.7");

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(
            [
                "from     outside of the mesh (203.0.113.7), at gateway istio-system/in-1",
                "request  GET / to b.example, port 80: b.example",
                "verdict  200 Forwarded: reaches app/b-1 on port 8080: no AuthorizationPolicy applies",
            ],
            result.Lines.Take(3));
        Assert.Contains("  at istio-system/in-1: port 8080, plaintext", result.Lines);
        Assert.Contains("    listener 0.0.0.0_8080", result.Lines);
        Assert.Contains("      + istio-system/gw HTTP 80 for *", result.Lines);
        Assert.Contains("      + app/edge http[0]", result.Lines);
        Assert.Contains("    100 % to outbound|80||b.app.svc.cluster.local", result.Lines);
        Assert.Contains("        200: reaches app/b-1 on port 8080: no AuthorizationPolicy applies", result.Lines);
        using var body = JsonDocument.Parse(Assert.Single(cli.Api.Requests).Body);
        Assert.Equal(
            """{"from":"","to":"b.example","method":"GET","path":"/","headers":{},"gateway":"istio-system/in-1","clientAddress":"203.0.113.7"}""",
            body.RootElement.GetRawText());
    }

    [Theory]
    [InlineData("tcp", "app/a-1", 0, "verdict  connected, LeavesMesh")]
    [InlineData("TLS", "app/bare-1", 0, "verdict  connected, LeavesMesh")]
    public async Task A_connection_that_arrives_is_fine_without_a_status(string protocol, string from, int code, string verdict)
    {
        await using var cli = await CliRun.StartAsync();
        var told = ExplainedMesh.With().Ask(
            new ExplainRequest { From = from, To = "out.example:1", Protocol = Enum.Parse<CallProtocol>(protocol, ignoreCase: true) });
        cli.Api.On("POST /v1/explain", JsonSerializer.Serialize(told, ApiJson.Options));

        var result = await cli.RunAsync("explain", "--from", from, "--to", "out.example:1", "--protocol", protocol);

        Assert.Equal((code, ""), (result.Code, result.Error));
        Assert.StartsWith(verdict, result.Lines[2], StringComparison.Ordinal);
        Assert.StartsWith($"connects {protocol.ToLowerInvariant()} to out.example:1", result.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_does_not_arrive_is_a_failure()
    {
        await using var cli = await CliRun.StartAsync();
        var told = ExplainedMesh.With().Ask(new ExplainRequest { From = "app/a-1", To = "b:80", Protocol = CallProtocol.Tcp });
        cli.Api.On("POST /v1/explain", JsonSerializer.Serialize(told, ApiJson.Options));

        var result = await cli.RunAsync("explain", "--from", "app/a-1", "--to", "b:80", "--protocol", "tcp");

        Assert.Equal(1, result.Code);
        Assert.StartsWith("verdict  connection closed, BadRequest", result.Lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--to b", "either --from or --gateway")]
    [InlineData("--to b --from a --gateway g", "either --from or --gateway")]
    [InlineData("--to b --from a --protocol udp", "none of http, https, tcp, tls")]
    public async Task What_cannot_be_asked_is_a_usage_error(string arguments, string message)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync([.. arguments.Split(' ').Prepend("explain")]);

        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_without_a_colon_is_a_usage_error()
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync("explain", "--from", "a", "--to", "b", "-H", "t");

        Assert.Equal(2, result.Code);
        Assert.Contains("'name: value'", result.Error, StringComparison.Ordinal);
    }
}
