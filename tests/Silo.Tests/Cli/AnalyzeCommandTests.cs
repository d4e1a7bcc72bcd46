namespace MeshOrleans.Silo.Tests.Cli;

public sealed class AnalyzeCommandTests
{
    private const string Findings = """
        {"findings":[
          {"code":"IST0109","name":"Conflict","path":"spec.hosts[0]","message":"claimed twice","file":"a.yaml","line":4,"severity":"error","resource":"VirtualService/app/first"},
          {"code":"IST0127","name":"Nobody","path":"spec.selector","message":"selects nobody","file":"","line":0,"severity":"warning","resource":"AuthorizationPolicy/shop/p"},
          {"code":"IST0118","name":"Naming","path":"","message":"says nothing","file":"","line":0,"severity":"info","resource":"Service/app/s"}]}
        """;

    [Fact]
    public async Task What_is_wrong_in_the_mesh_is_listed_and_the_exit_code_is_79()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/analyze", Findings);

        var result = await cli.RunAsync("analyze");

        Assert.Equal(
            """
            Error [IST0109] (VirtualService app/first a.yaml:4) spec.hosts[0]: claimed twice
            Warning [IST0127] (AuthorizationPolicy shop/p) spec.selector: selects nobody
            Info [IST0118] (Service app/s) says nothing
            1 error, 1 warning, 1 info

            """,
            result.Out);
        Assert.Equal((79, ""), (result.Code, result.Error));
    }

    [Theory]
    [InlineData(79, "analyze", "--failure-threshold", "warning", "-S", "IST0109=VirtualService app/*")]
    [InlineData(0, "analyze", "-S", "IST0109=VirtualService first.app")]
    [InlineData(79, "analyze", "-S", "IST0109=VirtualService shop/*")]
    [InlineData(79, "analyze", "--failure-threshold", "info", "-S", "IST01*=* app/first", "-S", "IST0127=* *")]
    [InlineData(0, "analyze", "--output-threshold", "error", "--failure-threshold", "info", "-S", "IST0109=* *")]
    public async Task Thresholds_and_suppressions_decide_about_the_exit_code(int code, params string[] arguments)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/analyze", Findings);

        Assert.Equal(code, (await cli.RunAsync(arguments)).Code);
    }

    [Fact]
    public async Task Files_are_looked_at_over_the_mesh_or_alone()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/analyze?live=true", """{"findings":[]}""").On("POST /v1/analyze?live=false&ns=shop", """{"findings":[]}""");
        var file = cli.Write("a.yaml", "a: 1");

        var over = await cli.RunAsync("analyze", "-f", file);
        var alone = await cli.RunAsync("analyze", "-f", file, "--live=false", "-n", "shop");
        var json = await cli.RunAsync("analyze", "-f", file, "-o", "json");

        Assert.Equal((0, "no issues found\n"), (over.Code, over.Out));
        Assert.Equal(0, alone.Code);
        Assert.Equal("{\"findings\":[]}\n", json.Out);
    }

    [Fact]
    public async Task A_rule_that_says_nothing_is_refused()
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync("analyze", "-S", "IST0109");

        Assert.Equal(1, result.Code);
        Assert.Contains("write CODE=KIND NAMESPACE/NAME", result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }
}
