namespace MeshOrleans.Silo.Tests.Cli;

public sealed class AccessCommandTests
{
    private const string Me =
        """{"name":"https://login.example#alice","credential":"token of an issuer","roles":[{"role":"operator","namespaces":["shop","pay"],"forMesh":false},{"role":"viewer","namespaces":[],"forMesh":true}]}""";

    [Fact]
    public async Task Whoami_tells_the_name_and_the_roles()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/whoami", Me);

        var result = await cli.RunAsync("whoami");

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(
            "https://login.example#alice (token of an issuer)\noperator in shop, pay\nviewer for the mesh\n", result.Out);
    }

    [Theory]
    [InlineData(new[] { "whoami", "--token", "abc" }, "", "Bearer abc")]
    [InlineData(new[] { "whoami" }, "from-variable", "Bearer from-variable")]
    [InlineData(new[] { "whoami", "--token", "abc" }, "from-variable", "Bearer abc")]
    public async Task A_token_can_be_given_as_it_is(string[] line, string variable, string expected)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/whoami", Me);
        if (variable.Length > 0) cli.Environment["MESH_TOKEN"] = variable;

        await cli.RunAsync(line);

        Assert.Equal(expected, Assert.Single(cli.Api.Requests).Authorization);
    }

    [Theory]
    [InlineData(new[] { "whoami", "--token", "a", "--token-file", "b" }, "exclude each other")]
    [InlineData(new[] { "whoami", "--certificate", "a" }, "belong together")]
    public async Task What_contradicts_itself_is_a_usage_error(string[] line, string message)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync(line);

        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }

    [Fact]
    public async Task The_trail_is_a_table_or_what_the_API_answers()
    {
        const string Trail =
            """[{"number":7,"time":"2026-01-01T00:00:00Z","caller":"admin","address":"127.0.0.1","method":"POST","path":"/v1/config","status":200,"revision":3,"gateway":"g"}]""";
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/audit?count=50", Trail);

        var table = await cli.RunAsync("audit");
        var json = await cli.RunAsync("audit", "-o", "json");

        Assert.Contains("POST /v1/config", table.Out, StringComparison.Ordinal);
        Assert.Equal(Trail + "\n", json.Out);
    }
}
