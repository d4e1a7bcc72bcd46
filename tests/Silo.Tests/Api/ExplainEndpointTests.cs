#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Text.Json;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>The call itself; what it tells is the matter of <c>Explanations</c>.</summary>
public sealed class ExplainEndpointTests
{
    private const string Call = "/v1/explain";

    [Theory]
    [InlineData("""{"frm": "app/a"}""", "$.frm")]
    [InlineData("""{"from": 1}""", "$.from")]
    [InlineData("""{"headers": {"a": ["b", 1]}}""", "$.headers.a")]
    [InlineData("""{"headers": {"a": ["b", null]}}""", "$.headers.a")]
    [InlineData("""{"headers": {"a": [["b"]]}}""", "$.headers.a")]
    [InlineData("""{"headers": {"a": {"b": "c"}}}""", "$.headers.a")]
    [InlineData("""{"headers": {"a": null}}""", "$.headers.a")]
    [InlineData("""[]""", "$")]
    public async Task A_body_of_another_shape_is_refused_with_its_place(string body, string path)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, problem) = await host.PostAsync(Call, body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(path, problem.GetProperty("errors")[0].GetProperty("path").GetString());
    }

    [Theory]
    [InlineData("""["b", "c"]""")]
    [InlineData("""["b"]""")]
    [InlineData("\"b\"")]
    public async Task A_header_has_one_line_or_several(string lines)
    {
        await using var host = await ApiHost.StartAsync();

        var told = await LoadedAsync(host, $$$"""{"from": "app/a", "serviceAccount": "a", "to": "example.com", "headers": {"a": {{{lines}}}}}""");

        Assert.Equal("LeavesMesh", told.GetProperty("verdict").GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Only_the_operator_may_ask()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await host.PostAnonymouslyAsync(Call, "{}"));
    }

    [Fact]
    public async Task An_empty_mesh_lets_a_client_that_is_only_described_go_where_it_points()
    {
        await using var host = await ApiHost.StartAsync();
        const string Body = """{"from": "app/a", "serviceAccount": "a", "to": "example.com"}""";

        var told = await LoadedAsync(host, Body);

        var verdict = told.GetProperty("verdict");
        Assert.Equal((200, "LeavesMesh"), (verdict.GetProperty("status").GetInt32(), verdict.GetProperty("outcome").GetString()));
        Assert.Equal(JsonValueKind.Null, told.GetProperty("destination").GetProperty("host").ValueKind);
    }

    // 503 until the gateway has loaded the mesh.
    private static async Task<JsonElement> LoadedAsync(ApiHost host, string body)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            var (status, answer) = await host.PostAsync(Call, body);
            if (status is HttpStatusCode.OK) return answer;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            await Task.Yield();
        }
    }
}
#endif
