namespace MeshOrleans.Silo.Tests.Cli;

public sealed class MtlsCommandTests
{
    private const string Legacy = """
        {"workload":"cart","port":8080,"address":"10.0.0.7","members":["old/legacy"],"kind":"PLAINTEXT","connections":12,"open":0,
         "firstSeen":"2025-12-31T20:00:00Z","lastSeen":"2025-12-31T23:57:00Z","mode":"PERMISSIVE","standing":"WOULD_BE_REFUSED","policy":""}
        """;

    private const string Unknown = """
        {"workload":"cart","port":9000,"address":"10.0.0.8","members":[],"kind":"TLS","connections":1,"open":1,
         "firstSeen":"2025-12-31T20:00:00Z","lastSeen":"2026-01-01T00:00:00Z","mode":"DISABLE","standing":"WOULD_BE_REFUSED","policy":""}
        """;

    private const string Exempt = """
        {"workload":"web","port":8080,"address":"10.0.0.7","members":["old/legacy"],"kind":"PLAINTEXT","connections":1,"open":0,
         "firstSeen":"2025-12-31T20:00:00Z","lastSeen":"2025-12-31T21:00:00Z","mode":"PERMISSIVE","standing":"EXEMPT","policy":"PeerAuthentication/shop/web"}
        """;

    [Fact]
    public async Task Callers_are_listed_with_what_STRICT_does_to_them_and_what_is_known()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/mtls/readiness?ns=shop", Answer(
            "CALLERS", 3, 2, $"{Legacy},{Unknown},{Exempt}", """{"workload":"mail-1","reason":"its sidecar is not connected"}""", without: 1));

        var result = await cli.RunAsync("mtls", "readiness", "shop");

        Assert.Equal(
            """
            WORKLOAD   PORT   CALLER       ADDRESS    LAST SEEN   STRICT
            cart       8080   old/legacy   10.0.0.7   3m          refuses
            cart       9000   -            10.0.0.8   connected   refuses
            web        8080   old/legacy   10.0.0.7   3h          not there

            NOT READY: STRICT in shop would refuse 2 plaintext callers
            watched: 2 of 3 workloads that would become STRICT, all of them since 2025-12-31 22:00:00Z (2h); callers are remembered for 8 days
            not watched: mail-1, its sidecar is not connected
            without sidecar: 1, which STRICT does not protect
            where the mode is DISABLE today, set PERMISSIVE first: callers with a sidecar then use mTLS by themselves

            """,
            result.Out);
        Assert.Equal((79, ""), (result.Code, result.Error));
    }

    [Theory]
    [InlineData("READY", 0, "READY: no plaintext caller of shop was seen that STRICT would refuse")]
    [InlineData("STRICT", 0, "STRICT already: nothing would change in shop")]
    [InlineData("UNKNOWN", 79, "NOT KNOWN: no plaintext caller of shop was seen that STRICT would refuse, but not every sidecar looks")]
    [InlineData("SOMETHING_NEW", 79, "NOT KNOWN: no plaintext caller of shop was seen that STRICT would refuse, but not every sidecar looks")]
    public async Task Where_nobody_was_seen_it_says_how_far_that_is_known(string status, int code, string verdict)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/mtls/readiness?ns=shop", Answer(status, 3, 3, "", ""));

        var result = await cli.RunAsync("mtls", "readiness", "shop");

        Assert.Equal((code, verdict), (result.Code, result.Lines[0]));
        Assert.StartsWith("watched: 3 of 3 workloads", result.Lines[1], StringComparison.Ordinal);
        Assert.Equal(2, result.Lines.Length);
    }

    [Fact]
    public async Task What_the_answer_does_not_cover_is_said()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On(
            "GET /v1/mtls/readiness?ns=shop", Answer("READY", 0, 0, "", "").TrimEnd('}') + ",\"exempt\":2,\"crowded\":1}");

        var result = await cli.RunAsync("mtls", "readiness", "shop");

        Assert.Equal(
            [
                "crowded: 1 sidecars have seen as many callers as are remembered of one; there may be more",
                "exempt: 2, which take plaintext still by policies that stand nearer",
            ],
            result.Lines[1..]);
    }

    [Fact]
    public async Task Wide_tells_all_of_a_caller_and_JSON_is_the_answer_itself_with_the_same_exit_code()
    {
        await using var cli = await CliRun.StartAsync();
        var answer = Answer("CALLERS", 1, 1, Exempt, "");
        cli.Api.On("GET /v1/mtls/readiness?ns=shop", answer);

        var wide = await cli.RunAsync("mtls", "readiness", "shop", "-o", "wide");
        var json = await cli.RunAsync("mtls", "readiness", "shop", "-o", "json");

        Assert.EndsWith(
            "not there   1             0      2025-12-31 20:00:00Z   plaintext   PERMISSIVE   PeerAuthentication/shop/web",
            wide.Lines[1],
            StringComparison.Ordinal);
        Assert.Equal((79, answer + "\n"), (json.Code, json.Out));
    }

    [Fact]
    public async Task The_table_fits_the_terminal()
    {
        await using var cli = await CliRun.StartAsync();
        cli.TerminalWidth = 80;
        var row = Legacy.Replace("\"cart\"", $"\"{new string('c', 60)}\"").Replace("10.0.0.7", "fd00:1111:2222:3333:4444:5555:6666:7777");
        cli.Api.On("GET /v1/mtls/readiness?ns=shop", Answer("CALLERS", 1, 1, row, ""));

        var result = await cli.RunAsync("mtls", "readiness", "shop");

        Assert.All(result.Lines[..2], line => Assert.InRange(
            System.Text.RegularExpressions.Regex.Replace(line, "\u001b\\[[0-9;]*m", "").Length, 1, 80));
    }

    [Fact]
    public async Task Callers_are_forgotten_one_or_all()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("DELETE /v1/mtls/callers?ns=shop&address=10.0.0.7", """{"forgotten":1}""")
            .On("DELETE /v1/mtls/callers?ns=shop", """{"forgotten":4}""");

        Assert.Equal((0, "1 caller forgotten\n"), Of(await cli.RunAsync("mtls", "forget", "shop", "--caller", "10.0.0.7")));
        Assert.Equal((0, "4 callers forgotten\n"), Of(await cli.RunAsync("mtls", "forget", "shop")));

        static (int, string) Of(CliResult result) => (result.Code, result.Out);
    }

    [Fact]
    public async Task What_follows_from_deleting_a_policy_is_told_as_when_one_is_applied()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("DELETE /v1/config/PeerAuthentication/shop/cart", """
            {"revision":7,"changes":[],"warnings":[{"code":"MSH2022","path":"spec.mtls.mode","message":"STRICT refuses 10.0.0.7",
             "file":"","line":0,"severity":"warning","resource":"PeerAuthentication/shop/default"}]}
            """);

        var result = await cli.RunAsync("delete", "peerauthentication/cart", "-n", "shop");

        Assert.Equal(
            "warning MSH2022 spec.mtls.mode: STRICT refuses 10.0.0.7 (PeerAuthentication shop/default)\n", result.Error);
        Assert.Equal(0, result.Code);
    }

    private static string Answer(
        string status, int workloads, int watched, string callers, string unwatched, int without = 0) => $$"""
        {"namespace":"shop","status":"{{status}}","watchedSince":"2025-12-31T22:00:00Z","workloads":{{workloads}},"watched":{{watched}},
         "withoutSidecar":{{without}},"rememberedDays":8,"callers":[{{callers}}],"unwatched":[{{unwatched}}]}
        """;
}
