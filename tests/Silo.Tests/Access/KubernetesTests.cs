#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Silo.Tests.Api;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Silo.Tests.Access;

/// <summary>Pods that join by the projected token of their service account, against a key file and a fake API server.</summary>
public sealed class KubernetesTests : IDisposable
{
    private const string Issuer = "https://kubernetes.default.svc";

    private readonly SigningKey _key = new("k1");
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("mesh-kubernetes-");

    public KubernetesTests()
    {
        File.WriteAllText(InFolder("keys"), SigningKey.Set(_key));
        File.WriteAllText(InFolder("credential"), "reviewer\n");
    }

    [Fact]
    public async Task A_pod_joins_as_the_service_account_of_its_token()
    {
        await using var host = await StartAsync();

        var (status, body) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        Assert.True(status is HttpStatusCode.Created, $"{status}: {body}");
        Assert.Equal("spiffe://cluster.local/ns/shop/sa/cart", body.GetProperty("spiffeId").GetString());
        using var leaf = X509Certificate2.CreateFromPem(body.GetProperty("certificate").GetProperty("chain")[0].GetString()!);
        Assert.Contains("spiffe://cluster.local/ns/shop/sa/cart", Model.Identity.PeerSvid.ReadUris(leaf));
    }

    [Theory]
    [InlineData("other account", 403)]
    [InlineData("namespace that may not", 401)]
    [InlineData("other audience", 401)]
    [InlineData("expired", 401)]
    [InlineData("other key", 401)]
    [InlineData("no account", 401)]
    [InlineData("two accounts", 401)]
    [InlineData("other issuer", 401)]
    public async Task Anything_else_is_no_proof(string kind, int expected)
    {
        await using var host = await StartAsync();
        var good = Claims(host);
        var token = kind switch
        {
            "namespace that may not" => _key.Sign(good.Replace("shop", "pay", StringComparison.Ordinal)),
            "other audience" => _key.Sign(good.Replace("\"mesh\"", "\"api\"", StringComparison.Ordinal)),
            "expired" => _key.Sign(Claims(host, -120)),
            "other key" => new SigningKey("k1").Sign(good),
            "no account" => _key.Sign(good.Replace("system:serviceaccount:shop:cart", "alice", StringComparison.Ordinal)),
            "two accounts" => _key.Sign(good.Replace("\"name\":\"cart\"", "\"name\":\"admin\"", StringComparison.Ordinal)),
            "other issuer" => _key.Sign(good.Replace(Issuer, "https://kubernetes.other", StringComparison.Ordinal)),
            _ => _key.Sign(good),
        };

        var (status, body) = await JoinAsync(host, token, Body(kind == "other account" ? "admin" : "cart", Csr()));

        Assert.True((int)status == expected, $"{status}: {body}");
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains(token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, HttpStatusCode.Unauthorized)]
    [InlineData(true, HttpStatusCode.Created)]
    public async Task An_identity_with_roles_is_proved_only_where_the_cluster_grants_them(bool grantsRoles, HttpStatusCode expected)
    {
        await using var host = await StartAsync(more: $"""
                grantsRoles: {(grantsRoles ? "true" : "false")}
            bindings:
            - {"{role: admin, subjects: [{spiffe: \"spiffe://cluster.local/ns/shop/sa/cart\"}]}"}
            """);

        var (status, body) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        Assert.True(status == expected, $"{status}: {body}");
        if (!grantsRoles) Assert.Contains("grantsRoles", body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, HttpStatusCode.OK)]
    [InlineData(false, HttpStatusCode.Unauthorized)]
    public async Task After_its_certificate_has_expired_the_policy_says_whether_it_may_again(bool reattests, HttpStatusCode expected)
    {
        await using var host = await StartAsync(reattests: reattests);
        var (first, _) = await JoinAsync(host, Token(host), Body("cart", Csr()));
        host.Clock.Advance(TimeSpan.FromDays(3));

        var (second, body) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.Created, first);
        Assert.True(second == expected || (reattests && second is HttpStatusCode.Created), $"{second}: {body}");
    }

    [Fact]
    public async Task Who_has_lost_the_answer_may_repeat_the_request()
    {
        await using var host = await StartAsync(reattests: false);
        var body = Body("cart", Csr());
        await JoinAsync(host, Token(host), body);

        var (again, answer) = await JoinAsync(host, Token(host), body);

        Assert.True(again is HttpStatusCode.OK, $"{again}: {answer}");
    }

    [Theory]
    [InlineData(true, "mesh", 201)]
    [InlineData(true, "api", 401)]
    [InlineData(true, "", 401)]
    [InlineData(false, "mesh", 401)]
    public async Task An_API_server_decides_where_it_is_asked_to(bool authenticated, string audience, int expected)
    {
        JsonElement asked = default;
        string? credential = null;
        await using var server = await KeyServer.StartAsync(async context =>
        {
            credential = context.Request.Headers.Authorization;
            asked = (await JsonDocument.ParseAsync(context.Request.Body)).RootElement.Clone();
            var audiences = audience.Length > 0 ? $",\"audiences\":[\"{audience}\"]" : "";
            context.Response.StatusCode = 201;
            await context.Response.WriteAsync(
                $$$"""{"status":{"authenticated":{{{(authenticated ? "true" : "false")}}},"user":{"username":"system:serviceaccount:shop:cart"}{{{audiences}}}}}""");
        });
        File.WriteAllText(InFolder("ca"), server.CertificatePem);
        await using var host = await StartAsync(server.Address);
        var token = Token(host);

        var (status, body) = await JoinAsync(host, token, Body("cart", Csr()));

        Assert.True((int)status == expected, $"{status}: {body}");
        Assert.Equal("/apis/authentication.k8s.io/v1/tokenreviews", server.Requests.Single());
        Assert.Equal("Bearer reviewer", credential);
        Assert.Equal(token, asked.GetProperty("spec").GetProperty("token").GetString());
        Assert.Equal("mesh", asked.GetProperty("spec").GetProperty("audiences")[0].GetString());
    }

    [Fact]
    public async Task An_API_server_that_cannot_be_asked_lets_nobody_in()
    {
        await using var server = await KeyServer.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        File.WriteAllText(InFolder("ca"), server.CertificatePem);
        await using var host = await StartAsync(server.Address);

        var (status, _) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task It_is_good_for_nothing_else()
    {
        await using var host = await StartAsync();

        using var response = await host.GetAsync("/v1/services", Token(host));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    public void Dispose() => _files.Delete(recursive: true);

    private static async Task<(HttpStatusCode Status, JsonElement Body)> JoinAsync(ApiHost host, string token, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/workloads", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var response = await host.SendAsync(request);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, document.RootElement.Clone());
    }

    private static string Claims(ApiHost host, int seconds = 300) => $$$"""
        {"iss":"{{{Issuer}}}","aud":["mesh"],"exp":{{{host.Clock.GetUtcNow().ToUnixTimeSeconds() + seconds}}},"sub":"system:serviceaccount:shop:cart","kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"cart","uid":"1"} } }
        """;

    private static string Body(string account, string csr) => JsonSerializer.Serialize(new
    {
        @namespace = "shop", name = "cart-1", address = "10.1.2.3", serviceAccount = account, csr,
    });

    private static string Csr()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=pod", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    private string Token(ApiHost host) => _key.Sign(Claims(host));

    private string InFolder(string name) => Path.Combine(_files.FullName, name);

    private Task<ApiHost> StartAsync(string server = "", bool reattests = true, string more = "")
    {
        var decides = server.Length > 0
            ? $"tokenReview: {{server: '{server}', caFile: {InFolder("ca")}, tokenFile: {InFolder("credential")}}}"
            : $"jwksFile: {InFolder("keys")}";
        return ApiHost.StartAsync($"""
            attestation:
              kubernetes:
              - name: east
                issuer: {Issuer}
                audiences: [mesh]
                {decides}
                namespaces: [shop]
                reattest: {(reattests ? "true" : "false")}
            {more}
            """);
    }
}
#endif
