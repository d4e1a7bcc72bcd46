#if !MESH_ENGINE_ORLEANS
using System.Net.Http.Headers;
using System.Text;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>What is said of JSON that cannot be taken: in the words of the API, and never in those of this program.</summary>
public sealed class JsonFaultTests : IAsyncLifetime
{
    private const string ManyFilesType = "application/vnd.mesh.manifests+json";

    private static readonly string[] _paths =
    [
        "/v1/tokens", "/v1/workloads", "/v1/certificates", "/v1/explain", "/v1/peers", "/v1/identities/rotate", "/v1/federation/links",
        "/v1/workloads/app/vm/health",
    ];

    private static readonly string[] _wrong =
    [
        "[]", "3", "\"x\"", "true", "null", "{", "{\"", "[[", "{}{}", "{\"nobody\":1}", "{\"a\":1,\"a\":2}", "{\"name\":{\"x\":[1]}}",
        "{\"namespace\":[1]}", "{\"labels\":[]}", "{\"labels\":{\"a\":1}}", "{\"ports\":{\"a\":\"x\"}}", "{\"headers\":3}",
        "{\"lifetimeSeconds\":{}}", "{\"csr\":7}", "{\"token\":[{}]}", "{\"protocol\":\"nothing\"}", "{\"purpose\":1}",
        "{\"roots\":[1]}", "{\"roots\":null}", "{\"a b['c']\":1}", "", "{\"name\":\"\\ud800\"}", "{\"weight\":1e99}",
    ];

    private ApiHost _host = null!;

    public async Task InitializeAsync() => _host = await ApiHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task No_answer_names_a_type_of_this_program()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 70)) + "1" + new string('}', 70);
        foreach (var path in _paths)
        {
            foreach (var body in _wrong.Append(deep).Append($"{{\"headers\":{deep}}}"))
            {
                var (status, answer) = await PostAsync(path, "application/json", body);

                Assert.True(status is >= 400 and < 500, $"{path} {body}: {status} {answer}");
                foreach (var word in new[] { "MeshOrleans", "System.", ".NET", "Deserializ", "`" })
                {
                    Assert.False(answer.Contains(word, StringComparison.Ordinal), $"{path} {body}: {answer}");
                }
            }
        }
    }

    [Theory]
    [InlineData("/v1/tokens", "{\n \"namespace\":[1]}", "$.namespace: must be a string (line 2, byte 15)")]
    [InlineData("/v1/tokens", "{\"nmespace\":\"a\"}", "$.nmespace: is not known here; there are ")]
    [InlineData("/v1/tokens", "{\"namespace\":\"a\",\"namespace\":\"b\"}", "$.namespace: is there twice")]
    [InlineData("/v1/tokens", "{\"namespace\":null}", "$.namespace: must not be null, but a string")]
    [InlineData("/v1/tokens", "[]", "$: must be an object")]
    [InlineData("/v1/workloads", "{\"labels\":{\"a\":1}}", "$.labels.a: must be a string")]
    [InlineData("/v1/workloads", "{\"ports\":{\"http\":\"x\"}}", "$.ports.http: must be a whole number")]
    [InlineData("/v1/explain", "{\"protocol\":\"nothing\"}", "$.protocol: must be one of ")]
    public async Task It_is_told_which_field_it_is_what_is_expected_and_where(string path, string body, string expected)
    {
        var (status, answer) = await PostAsync(path, "application/json", body);

        Assert.Equal(400, status);
        Assert.Contains(expected, System.Text.Json.JsonDocument.Parse(answer).RootElement.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"files\":[null]}")]
    [InlineData("{\"files\":[{\"name\":1}]}")]
    [InlineData("{\"files\":3}")]
    public async Task Many_manifests_that_are_none_are_refused_too(string body)
    {
        var (status, answer) = await PostAsync("/v1/config", ManyFilesType, body);

        Assert.True(status is 400 or 422, $"{status} {answer}");
        Assert.DoesNotContain("MeshOrleans.", answer, StringComparison.Ordinal);
    }

    private async Task<(int Status, string Answer)> PostAsync(string path, string type, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _host.AdminCredential);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var response = await _host.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
#endif
