namespace MeshOrleans.Silo.Tests.Cli;

public sealed class GetCommandTests
{
    private const string Routes = """
        [{"kind":"VirtualService","namespace":"default","name":"reviews","createdRevision":3},
         {"kind":"VirtualService","namespace":"default","name":"cart","createdRevision":4}]
        """;

    [Theory]
    [InlineData("vs")]
    [InlineData("VirtualService")]
    [InlineData("virtualservices")]
    [InlineData("VIRTUALSERVICE")]
    public async Task A_kind_has_many_names(string word)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config?kind=VirtualService", Routes);

        var result = await cli.RunAsync("get", word);

        Assert.Equal(0, result.Code);
        Assert.Equal(
            """
            KIND             NAMESPACE   NAME      CREATED IN
            VirtualService   default     reviews   revision 3
            VirtualService   default     cart      revision 4

            """,
            result.Out);
    }

    [Fact]
    public async Task One_resource_as_yaml_is_the_apis_own_text()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config/VirtualService/shop/cart application/yaml", "kind: VirtualService\n", type: "application/yaml");

        var result = await cli.RunAsync("get", "vs/cart", "-n", "shop", "-o", "yaml");

        Assert.Equal((0, "kind: VirtualService\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task One_resource_as_json_is_the_apis_own_text()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config/Namespace/shop/shop application/json", """{ "kind":  "Namespace" }""");

        var result = await cli.RunAsync("get", "ns", "shop", "-o", "json");

        Assert.Equal((0, "{ \"kind\":  \"Namespace\" }\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task Everything_as_yaml_is_what_apply_takes()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config application/yaml", "a: 1\n---\nb: 1\n", type: "application/yaml");

        var result = await cli.RunAsync("get", "all", "-o", "yaml");

        Assert.Equal((0, "a: 1\n---\nb: 1\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task A_list_as_json_is_the_apis_own_text()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config?kind=VirtualService&ns=default", Routes);

        var result = await cli.RunAsync("get", "vs", "-n", "default", "-o", "json");

        Assert.Equal((0, Routes + "\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task One_resource_has_one_row()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config?kind=VirtualService&ns=default", Routes);

        var result = await cli.RunAsync("get", "vs/cart");

        Assert.Equal("VirtualService   default     cart   revision 4", Assert.Single(result.Lines[1..]));
    }

    [Fact]
    public async Task A_resource_that_is_not_there_fails()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config?kind=VirtualService&ns=default", Routes);

        var result = await cli.RunAsync("get", "vs/none");

        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.StartsWith("meshctl: there is no VirtualService default/none", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_list_is_fine_and_leaves_the_output_empty()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/config?kind=DestinationRule&ns=shop", "[]");

        var result = await cli.RunAsync("get", "dr", "-n", "shop");

        Assert.Equal((0, "", "no destinationrules in namespace shop\n"), (result.Code, result.Out, result.Error));
    }

    [Theory]
    [InlineData("services", "/v1/services")]
    [InlineData("Workloads", "/v1/workloads")]
    [InlineData("proxies", "/v1/proxies")]
    [InlineData("identities", "/v1/identities")]
    [InlineData("peers", "/v1/peers")]
    [InlineData("revisions", "/v1/revisions")]
    public async Task A_listing_as_json_is_exactly_the_apis_answer(string word, string path)
    {
        const string Answer = """[ {"unknown": 1.50,  "text":"\u00e9"} ]""";
        await using var cli = await CliRun.StartAsync();
        cli.Api.On($"GET {path}", Answer);

        var result = await cli.RunAsync("get", word, "-o", "json");

        Assert.Equal((0, Answer + "\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task A_namespace_keeps_the_elements_as_the_api_wrote_them()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/workloads", """[{"namespace":"shop", "name":"a"},{"namespace":"other","name":"b"}]""");

        var result = await cli.RunAsync("get", "workloads", "-n", "shop", "-o", "json");

        Assert.Equal("[{\"namespace\":\"shop\", \"name\":\"a\"}]\n", result.Out);
    }

    [Fact]
    public async Task Services_show_their_ports_and_healthy_endpoints()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/services", """[{"host":"reviews.default.svc.cluster.local","namespace":"default","name":"reviews","origin":"Kubernetes","ports":[{"name":"http","number":80,"protocol":"Http"}],"endpoints":3,"healthy":2}]""");

        var result = await cli.RunAsync("get", "services");

        Assert.Equal("reviews.default.svc.cluster.local   default     Kubernetes   80/Http   2/3", result.Lines[1]);
    }

    [Fact]
    public async Task A_listing_as_yaml_quotes_what_is_no_plain_text()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", """[{"name":"west","ageSeconds":1.5,"error":null,"imported":["a/b","true"],"exported":[],"note":"x: y","map":{"k":{"n":true}}}]""");

        var result = await cli.RunAsync("get", "peers", "-o", "yaml");

        Assert.Equal(
            """
            - name: west
              ageSeconds: 1.5
              error: null
              imported:
                - a/b
                - "true"
              exported: []
              note: "x: y"
              map:
                k:
                  "n": true

            """,
            result.Out);
    }

    [Fact]
    public async Task A_revision_shows_what_it_changed()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/revisions/12", """{"revision":12,"time":"2026-01-01T10:00:00+02:00","author":"admin","reason":"canary","changes":[{"kind":"Service","namespace":"shop","name":"cart","change":"deleted"}]}""");

        var result = await cli.RunAsync("get", "revisions/12");

        Assert.Equal("revision 12 of 2026-01-01 08:00:00Z by admin: canary", result.Lines[0]);
        Assert.Equal("deleted   Service   shop        cart", result.Lines[2]);
    }

    [Theory]
    [InlineData("get", "foos")]
    [InlineData("get", "vs/")]
    [InlineData("get", "peers/west")]
    [InlineData("get", "all/x")]
    [InlineData("get", "identities", "-n", "shop")]
    [InlineData("delete", "vs")]
    [InlineData("delete", "proxies/x")]
    public async Task What_names_nothing_is_a_usage_error(params string[] args)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync(args);

        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.StartsWith("meshctl: ", result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }

    [Fact]
    public async Task Delete_says_what_went_and_the_revision()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("DELETE /v1/config/DestinationRule/shop/reviews?reason=not%20used", """{"revision":5,"changes":[]}""");

        var result = await cli.RunAsync("delete", "dr", "reviews", "-n", "shop", "--reason", "not used");

        Assert.Equal((0, "DestinationRule shop/reviews deleted\nrevision 5\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task History_asks_for_as_many_as_wanted()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/revisions?count=2", """[{"revision":2,"time":"2026-01-01T00:00:00Z","author":"admin","reason":""}]""");

        var result = await cli.RunAsync("history", "--count", "2");

        Assert.Equal("2          2026-01-01 00:00:00Z   admin    -", result.Lines[1]);
    }
}
