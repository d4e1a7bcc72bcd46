#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Silo.Tests.Api;

namespace MeshOrleans.Silo.Tests.Workloads;

/// <summary>A join that is refused leaves its token as it was: whoever corrects his request joins with it.</summary>
public sealed class LostTokenTests
{
    [Theory]
    [InlineData(""" "name":"of_ours" """, HttpStatusCode.BadRequest, "name")]
    [InlineData(""" "address":"169.254.169.254" """, HttpStatusCode.BadRequest, "address")]
    [InlineData(""" "ports":{"http":0} """, HttpStatusCode.BadRequest, "ports.http")]
    [InlineData(""" "labels":{"a":"-"} """, HttpStatusCode.BadRequest, "labels.a")]
    [InlineData(""" "weight":0 """, HttpStatusCode.BadRequest, "weight")]
    [InlineData(""" "leaseSeconds":7200 """, HttpStatusCode.BadRequest, "leaseSeconds")]
    [InlineData(""" "serviceAccount":"b" """, HttpStatusCode.Forbidden, "service account 'a'")]
    [InlineData(""" "csr":"x" """, HttpStatusCode.BadRequest, "csr")]
    public async Task A_token_is_not_lost_to_a_join_that_is_refused(string wrong, HttpStatusCode status, string reason)
    {
        await using var host = await ApiHost.StartAsync();
        var token = await MintAsync(host, "");

        var (refused, answer) = await JoinAsync(host, wrong, token);
        var (joined, own) = await JoinAsync(host, "", token);

        Assert.Equal(status, refused);
        Assert.Contains(reason, Unescaped(answer), StringComparison.Ordinal);
        Assert.True(joined is HttpStatusCode.Created, $"{joined}: {own}");
    }

    [Fact]
    public async Task The_token_of_a_node_is_not_lost_to_another_one()
    {
        await using var host = await ApiHost.StartAsync();
        var token = await MintAsync(host, ""","node":"vm-1" """);

        var (refused, _) = await JoinAsync(host, """ "name":"vm-2" """, token);
        var (joined, answer) = await JoinAsync(host, "", token);

        Assert.True((refused, joined) == (HttpStatusCode.Forbidden, HttpStatusCode.Created), $"{refused}, {joined}: {answer}");
    }

    [Fact]
    public async Task A_token_is_not_lost_to_the_name_of_a_node_that_cannot_be()
    {
        await using var host = await ApiHost.StartAsync();
        var token = await MintAsync(host, "");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=vm", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        Task<(HttpStatusCode Status, JsonElement Body)> SignAsync(string node) => LoginIssuer.CallAsync(
            host, "POST", "/v1/certificates", token, JsonSerializer.Serialize(new { csr, node }));

        var (refused, answer) = await SignAsync(new string('n', 513));
        var (signed, own) = await SignAsync("app/vm-1");

        Assert.True((refused, signed) == (HttpStatusCode.BadRequest, HttpStatusCode.Created), $"{refused}, {signed}: {own}");
        Assert.Contains("512", Unescaped(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_for_a_workload_is_not_lost_where_meshes_are_linked()
    {
        await using var host = await ApiHost.StartAsync();
        var token = await MintAsync(host, "");

        var (refused, answer) = await LoginIssuer.CallAsync(
            host, "POST", "/v1/federation/links", token, """{"trustDomain":"b.example","roots":[],"address":"https://b","credential":"c"}""");
        var (joined, own) = await JoinAsync(host, "", token);

        Assert.Equal(HttpStatusCode.Unauthorized, refused);
        Assert.Contains("minted for 'workload'", Unescaped(answer), StringComparison.Ordinal);
        Assert.True(joined is HttpStatusCode.Created, $"{joined}: {own}");
    }

    [Fact]
    public async Task Names_cannot_be_probed_with_one_token()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/workloads", """{"namespace":"app","name":"taken","serviceAccount":"b","address":"10.0.0.9"}""");
        var token = await MintAsync(host, "");

        var (first, _) = await JoinAsync(host, """ "name":"taken" """, token);
        var (second, _) = await JoinAsync(host, "", token);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Unauthorized), (first, second));
    }

    [Fact]
    public async Task Who_has_proved_nothing_is_not_told_whose_a_name_is()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/workloads", """{"namespace":"app","name":"taken","serviceAccount":"b","address":"10.0.0.9"}""");
        var used = await MintAsync(host, "");
        await JoinAsync(host, "", used);

        var (status, answer) = await JoinAsync(host, """ "name":"taken" """, used);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.DoesNotContain("'b'", Unescaped(answer), StringComparison.Ordinal);
    }

    private static Task<(HttpStatusCode Status, JsonElement Body)> JoinAsync(ApiHost host, string change, string token)
    {
        var body = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
            """{"namespace":"app","name":"vm-1","address":"10.0.0.1","serviceAccount":"a"}""")!;
        foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>($"{{{change}}}")!) body[name] = value;
        return LoginIssuer.CallAsync(host, "POST", "/v1/workloads", token, JsonSerializer.Serialize(body));
    }

    private static Task<string> MintAsync(ApiHost host, string more) =>
        host.MintAsync($$"""{"namespace":"app","serviceAccount":"a"{{more}}}""");

    // the words of an answer, as its reader sees them
    private static string Unescaped(JsonElement answer) => string.Join(
        ' ', answer.EnumerateObject().Select(m => m.Value.ValueKind is JsonValueKind.String ? m.Value.GetString() : m.Value.GetRawText()));
}
#endif
