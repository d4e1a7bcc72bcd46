namespace MeshOrleans.Silo.Tests.Cli;

public sealed class ProxyStatusCommandTests
{
    private const string Id = "sidecar~127.0.0.1~reviews-v1.default~default.svc.cluster.local";

    private const string Proxy = $$"""
        {"id":"{{Id}}","namespace":"default","spiffeId":"spiffe://cluster.local/ns/default/sa/reviews","address":"127.0.0.1",
         "gateway":"gw-1","userAgent":"mesh-orleans-0.1.0","status":"NACKED","since":"2025-12-31T23:55:00Z","types":[
         {"type":"Cluster","typeUrl":"t","status":"SYNCED","sentVersion":"v1","ackedVersion":"v1","revision":3,"nack":"","since":"2025-12-31T23:55:00Z"},
         {"type":"Listener","typeUrl":"t","status":"NACKED","sentVersion":"v2","ackedVersion":"v1","revision":3,"nack":"bad\u001b[31m filter","since":"2025-12-31T23:59:30Z"}]}
        """;

    [Theory]
    [InlineData("proxy-status")]
    [InlineData("ps")]
    public async Task Each_type_has_its_column_and_refusals_their_words(string verb)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/proxies", $"[{Proxy}]");

        var result = await cli.RunAsync(verb);

        Assert.Equal(0, result.Code);
        Assert.Equal("PROXY                STATUS   CDS      LDS      EDS   RDS   SDS   SINCE", result.Lines[0]);
        Assert.Equal("reviews-v1.default   NACKED   SYNCED   NACKED   -     -     -     5m", result.Lines[1]);
        Assert.Equal("reviews-v1.default refused Listener: bad [31m filter\n", result.Error);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    public async Task A_name_table_has_its_column_where_somebody_asks_for_one(int width)
    {
        await using var cli = await CliRun.StartAsync();
        cli.TerminalWidth = width;
        var types = string.Join(',', Synced("Cluster"), Synced("Listener"), Synced("ClusterLoadAssignment"), Synced("RouteConfiguration"), Synced("Secret"), Synced("NameTable"));
        cli.Api.On("GET /v1/proxies", $$"""[{{Proxy}},{"id":"{{Id.Replace("reviews", "ratings", StringComparison.Ordinal)}}","status":"SYNCED","since":"2025-12-31T23:55:00Z","types":[{{types}}]}]""");

        var result = await cli.RunAsync("ps");

        Assert.Equal(["PROXY", "STATUS", "CDS", "LDS", "EDS", "RDS", "SDS", "NDS", "SINCE"], Words(result.Lines[0]));
        Assert.Equal(["NACKED", "SYNCED", "NACKED", "-", "-", "-", "-", "5m"], Words(result.Lines[1])[1..]);
        Assert.Equal([.. Enumerable.Repeat("SYNCED", 7), "5m"], Words(result.Lines[2])[1..]);
        Assert.All(result.Lines[..3], line => Assert.InRange(Visible(line).Length, 1, width));

        static string Synced(string type) => $$"""{"type":"{{type}}","typeUrl":"t","status":"SYNCED","sentVersion":"v1","ackedVersion":"v1","revision":3,"nack":"","since":"2025-12-31T23:55:00Z"}""";
    }

    [Fact]
    public async Task Those_that_call_themselves_alike_have_their_identity_beside_the_name()
    {
        await using var cli = await CliRun.StartAsync();
        var thief = Proxy.Replace("spiffe://cluster.local/ns/default/sa/reviews", "", StringComparison.Ordinal);
        var other = Proxy.Replace("reviews-v1", "ratings-v1", StringComparison.Ordinal);
        cli.Api.On("GET /v1/proxies", $"[{Proxy},{thief},{other}]");

        var result = await cli.RunAsync("proxy-status");

        Assert.StartsWith("reviews-v1.default (default/reviews)   NACKED", result.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith("reviews-v1.default (no identity)       NACKED", result.Lines[2], StringComparison.Ordinal);
        Assert.StartsWith("ratings-v1.default                     NACKED", result.Lines[3], StringComparison.Ordinal);
        Assert.Contains("reviews-v1.default (no identity) refused Listener", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_of_several_that_call_themselves_alike_is_asked_for_by_its_identity()
    {
        await using var cli = await CliRun.StartAsync();
        var thief = Proxy.Replace("sa/reviews", "sa/thief", StringComparison.Ordinal).Replace("127.0.0.1", "9.9.9.9", StringComparison.Ordinal);
        cli.Api.On("GET /v1/proxies", $"[{Proxy},{thief}]")
            .On($"GET /v1/proxies/{Id}?spiffeId=spiffe%3A%2F%2Fcluster.local%2Fns%2Fdefault%2Fsa%2Freviews", Proxy);

        var result = await cli.RunAsync("ps", "reviews-v1.default", "--identity", "spiffe://cluster.local/ns/default/sa/reviews");

        Assert.Equal(0, result.Code);
        Assert.Contains("identity spiffe://cluster.local/ns/default/sa/reviews", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_proxy_is_found_by_its_short_name()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/proxies", $"[{Proxy}]").On($"GET /v1/proxies/{Id}", Proxy);

        var result = await cli.RunAsync("ps", "reviews-v1.default");

        Assert.Equal(0, result.Code);
        Assert.Equal("Listener   NACKED   v2     v1      3          30s", result.Lines[^1]);
    }

    [Theory]
    [InlineData(Id, "reviews-v1.default", "sidecar")]
    [InlineData("router~127.0.0.1~gw-1.edge~edge.svc.cluster.local", "gw-1.edge", "gateway")]
    [InlineData("some-client", "some-client", "client")]
    public async Task What_a_proxy_is_stands_in_the_wide_table_and_beside_its_identity(string id, string name, string kind)
    {
        await using var cli = await CliRun.StartAsync();
        var proxy = Proxy.Replace(Id, id, StringComparison.Ordinal);
        cli.Api.On("GET /v1/proxies", $"[{proxy}]").On($"GET /v1/proxies/{id}", proxy);

        var wide = await cli.RunAsync("ps", "-o", "wide");
        var one = await cli.RunAsync("ps", name);

        Assert.Equal(["SINCE", "KIND", "ADDRESS", "GATEWAY", "IDENTITY", "VERSION"], Words(wide.Lines[0])[^6..]);
        Assert.Equal([name, "5m", kind, "127.0.0.1"], Words(wide.Lines[1]).Where((_, i) => i is 0 or 7 or 8 or 9));
        Assert.Equal(
            $"{kind}   identity spiffe://cluster.local/ns/default/sa/reviews   xDS gateway gw-1   mesh-orleans-0.1.0",
            one.Lines[1]);
    }

    [Fact]
    public async Task An_unknown_proxy_fails()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/proxies", "[]");

        var result = await cli.RunAsync("ps", "nobody.default");

        Assert.Equal(1, result.Code);
        Assert.StartsWith("meshctl: no proxy 'nobody.default' ever connected", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(66)]
    [InlineData(80)]
    public async Task On_a_terminal_the_longest_values_give_way_and_every_row_stays_one_line(int width)
    {
        await using var cli = await CliRun.StartAsync();
        cli.TerminalWidth = width;
        cli.Api.On("GET /v1/proxies", $"[{Proxy},{Proxy.Replace("reviews-v1", "a-service-with-a-rather-long-name-v1", StringComparison.Ordinal)}]");

        var result = await cli.RunAsync("ps");

        Assert.Equal(3, result.Lines.Length);
        Assert.All(result.Lines, line => Assert.InRange(Visible(line).Length, 1, width));
        Assert.Contains("NACKED", Visible(result.Lines[1]), StringComparison.Ordinal);
        Assert.Contains("\u001b[", result.Lines[1], StringComparison.Ordinal);
        Assert.Contains("…", result.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wide_keeps_every_value_whole_on_a_terminal_too()
    {
        await using var cli = await CliRun.StartAsync();
        cli.TerminalWidth = 60;
        cli.Api.On("GET /v1/proxies", $"[{Proxy}]");

        var result = await cli.RunAsync("ps", "-o", "wide");

        Assert.Equal(2, result.Lines.Length);
        Assert.Contains("cluster.local/ns/default/sa/reviews", result.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_show_when_they_expire_and_rotate()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/identities", $$"""[{"spiffeId":"spiffe://cluster.local/ns/default/sa/reviews","node":"{{Id}}","serial":"AB","issuer":"i","notBefore":"2025-12-31T12:00:00Z","notAfter":"2026-01-02T01:00:00Z","nextRotation":"2026-01-01T00:01:30Z","remainingPercent":97}]""");
        cli.Api.On("GET /v1/ca", """
            {"phase":"publishing","since":"2025-12-31T23:59:30Z","nextStepAt":"2026-01-01T00:09:30Z","sequence":2,"roots":[
            {"fingerprint":"0123456789abcdef0123","subject":"CN=a","notBefore":"2025-01-01T00:00:00Z","notAfter":"2035-01-01T00:00:00Z","signs":true,"signsUntil":"2026-06-01T00:00:00Z","renewsItself":true},
            {"fingerprint":"fedcba98765432100123","subject":"CN=b","notBefore":"2025-01-01T00:00:00Z","notAfter":"2036-01-01T00:00:00Z","signs":false,"signsUntil":null,"renewsItself":true}],
            "proxies":{"holding":2,"lagging":1,"laggingNodes":["sidecar~127.0.0.2~cart-1.shop~shop.svc.cluster.local"],"isComplete":true},"missed":[],"missedCount":0}
            """);

        var result = await cli.RunAsync("certs");

        Assert.Equal("cluster.local/ns/default/sa/reviews   reviews-v1.default   25h       90s       97%", result.Lines[1]);
        Assert.Equal(
            "rotation: publishing for 30s: 2 of 3 proxies have these roots (not cart-1.shop); "
                + "the next root signs at 2026-01-01 00:09:30Z at the latest",
            result.Lines[^1]);
        Assert.Contains(" signs, until 2035-01-01", result.Lines[^3], StringComparison.Ordinal);
        Assert.Contains(" is next, until 2036-01-01", result.Lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_of_the_root_is_begun_and_turned_back()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/ca/rotate", """{"phase":"publishing","since":"2026-01-01T00:00:00Z"}""");
        cli.Api.On("DELETE /v1/ca/rotate", """{"phase":"settled"}""");

        var begun = await cli.RunAsync("certs", "rotate-root");
        var back = await cli.RunAsync("certs", "rotate-root", "--back");

        Assert.StartsWith("rotation: publishing", begun.Lines[^1], StringComparison.Ordinal);
        Assert.Equal("0 of 0 proxies have these roots", back.Lines[^1]);
    }

    [Fact]
    public async Task A_phase_that_is_ended_by_force_says_who_is_cut_off()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/ca/rotate?force=retiring", $$"""{"phase":"settled","cutOff":["{{Id}}"],"cutOffCount":1}""");

        var forced = await cli.RunAsync("certs", "rotate-root", "--force", "retiring");
        var both = await cli.RunAsync("certs", "rotate-root", "--force", "retiring", "--back");
        var unnamed = await cli.RunAsync("certs", "rotate-root", "--force");
        var unknown = await cli.RunAsync("certs", "rotate-root", "--force", "true");

        Assert.Equal((0, 2, 2, 2), (forced.Code, both.Code, unnamed.Code, unknown.Code));
        Assert.StartsWith("warning: 1 are cut off (reviews-v1.default); ", forced.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_ails_the_authority_and_who_still_needs_the_former_root_is_told()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/identities", "[]");
        cli.Api.On("GET /v1/ca", $$"""
            {"phase":"retiring","since":"2025-12-31T23:59:30Z","nextStepAt":"2026-01-01T00:09:30Z","isTurnedBack":true,
            "warnings":["The end is near."],"cutOff":["{{Id}}"],"cutOffCount":1}
            """);

        var result = await cli.RunAsync("certs");

        Assert.Equal(
            [
                "rotation: turned back for 30s: the newer root leaves at 2026-01-01 00:09:30Z",
                "1 certificates are still under the root that leaves (reviews-v1.default)",
                "warning: The end is near.",
            ],
            result.Lines[^3..]);
    }

    private static string[] Words(string line) => Visible(line).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string Visible(string line) => System.Text.RegularExpressions.Regex.Replace(line, "\u001b\\[[0-9;]*m", "");
}
