#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Silo.Api;
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

    [Theory]
    [InlineData(500, "")]
    [InlineData(201, "no JSON")]
    [InlineData(201, """{"status":{"authenticated":"yes"}}""")]
    [InlineData(201, """{"status":{"authenticated":true,"authenticated":true,"audiences":["mesh"],"user":{"username":"system:serviceaccount:shop:cart"}}}""")]
    public async Task An_API_server_that_cannot_be_asked_lets_nobody_in(int code, string answer)
    {
        await using var server = await KeyServer.StartAsync(context =>
        {
            context.Response.StatusCode = code;
            return context.Response.WriteAsync(answer);
        });
        File.WriteAllText(InFolder("ca"), server.CertificatePem);
        await using var host = await StartAsync(server.Address);

        var (status, _) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
    }

    [Fact]
    public async Task Who_is_sent_away_because_nobody_can_be_asked_is_told_when_to_come_back()
    {
        await using var host = await StartAsync("https://127.0.0.1:1"); // nobody listens there
        File.WriteAllText(InFolder("ca"), AnyCertificate());

        using var response = await SendAsync(host, Token(host), Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task Where_there_are_no_keys_to_verify_by_nothing_is_known_of_a_token()
    {
        await using var host = await StartAsync();
        File.Delete(InFolder("keys"));

        using var response = await SendAsync(host, Token(host), Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task What_can_be_seen_in_the_token_itself_is_not_asked_of_an_API_server()
    {
        await using var server = await KeyServer.StartAsync(context => AcceptAsync(context));
        File.WriteAllText(InFolder("ca"), server.CertificatePem);
        await using var host = await StartAsync(server.Address);
        var good = Claims(host);
        string[] tokens =
        [
            _key.Sign(Claims(host, -120)),
            _key.Sign(good.Replace("\"mesh\"", "\"api\"", StringComparison.Ordinal)),
            _key.Sign(good.Replace("system:serviceaccount:shop:cart", "alice", StringComparison.Ordinal)),
            _key.Sign(good.Replace("\"name\":\"cart\"", "\"name\":\"admin\"", StringComparison.Ordinal)),
            _key.Sign(System.Text.RegularExpressions.Regex.Replace(good, "\"exp\":[0-9]+,", "")),
        ];

        foreach (var token in tokens)
        {
            var (status, body) = await JoinAsync(host, token, Body("cart", Csr()));

            Assert.True(status is HttpStatusCode.Unauthorized, $"{status}: {body}");
        }

        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_slow_API_server_keeps_nobody_else_from_joining()
    {
        var (asked, answer) = (0, new TaskCompletionSource());
        await using var server = await KeyServer.StartAsync(async context =>
        {
            Interlocked.Increment(ref asked);
            await answer.Task;
            await AcceptAsync(context);
        });
        File.WriteAllText(InFolder("ca"), server.CertificatePem);
        await using var host = await StartAsync(server.Address);
        var (_, minted) = await host.PostAsync("/v1/tokens", """{"namespace":"shop","serviceAccount":"vm"}""");
        var waiting = Enumerable.Range(0, JoinAdmission.Places + 1)
            .Select(_ => JoinAsync(host, Token(host), Body("cart", Csr()))).ToArray();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (Volatile.Read(ref asked) == 0) await Task.Delay(5, limit.Token);

        var other = JoinAsync(host, minted.GetProperty("token").GetString()!, Body("vm", Csr()));
        var isFirst = await Task.WhenAny(other, Task.Delay(TimeSpan.FromSeconds(20), limit.Token)) == other;
        answer.SetResult();
        await Task.WhenAll(waiting);

        Assert.True(isFirst, "the join token waited for the API server of others");
        Assert.Equal(HttpStatusCode.Created, (await other).Status);
    }

    [Theory]
    [InlineData("cart-9", HttpStatusCode.Forbidden)]
    [InlineData("cart-1", HttpStatusCode.Created)]
    public async Task A_pod_bears_its_own_name_and_no_other(string name, HttpStatusCode expected)
    {
        await using var host = await StartAsync();

        var (status, body) = await JoinAsync(host, Token(host), Body("cart", Csr(), name));

        Assert.True(status == expected, $"{status}: {body}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("other")]
    [InlineData("shop/other")]
    [InlineData("sidecar~10.1.2.3~other.shop~shop.svc.cluster.local")]
    [InlineData("cart-1")]
    [InlineData("shop/cart-1")]
    [InlineData("sidecar~10.1.2.3~cart-1.shop~shop.svc.cluster.local")]
    public async Task Nobody_who_has_had_a_certificate_gets_another_one_by_another_name(string node)
    {
        await using var host = await StartAsync(reattests: false);
        var (first, _) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        var (second, body) = await SignAsync(host, Token(host), node);
        var (fresh, _) = await SignAsync(host, Token(host, uid: "u2"), "cart-1");

        var expected = node.Contains("other", StringComparison.Ordinal) ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized;
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first, fresh)); // a new pod is a new node
        Assert.True(second == expected, $"{second}: {body}");
    }

    [Theory]
    [InlineData("cart-1", HttpStatusCode.OK, HttpStatusCode.Created)]
    [InlineData("cart-2", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    public async Task A_certificate_is_for_the_node_that_it_was_issued_to(
        string name, HttpStatusCode joined, HttpStatusCode signed)
    {
        await using var host = await StartAsync();
        var (_, first) = await JoinAsync(host, Token(host), Body("cart", Csr()));
        var chain = first.GetProperty("certificate").GetProperty("chain");
        using var certificate = X509Certificate2.CreateFromPem(chain[0].GetString()!);
        host.Certificate = certificate;

        var (member, body) = await JoinAsync(host, "", Body("cart", csr: "", name));
        var (renewed, _) = await SignAsync(host, "", $"shop/{name}");

        Assert.True((joined, signed) == (member, renewed), $"{member}, {renewed}: {body}");
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_no_proof_on_a_connection_that_was_there_before()
    {
        await using var host = await StartAsync();
        var (_, first) = await JoinAsync(host, Token(host), Body("cart", Csr()));
        using var certificate = X509Certificate2.CreateFromPem(
            first.GetProperty("certificate").GetProperty("chain")[0].GetString()!);
        host.Certificate = certificate;

        var (before, _) = await SignAsync(host, "", "shop/cart-1");
        host.Clock.Advance(TimeSpan.FromDays(3));
        var (after, body) = await SignAsync(host, "", "shop/cart-1");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Unauthorized), (before, after));
        Assert.Contains("join token", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_says_of_no_pod_is_no_proof_where_the_second_time_matters()
    {
        await using var host = await StartAsync(reattests: false);
        var token = _key.Sign(Claims(host, pod: ""));

        var (status, body) = await JoinAsync(host, token, Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("reattest", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_attempt_that_fails_locks_nobody_out()
    {
        await using var host = await StartAsync(reattests: false);
        using var weak = RSA.Create(1024);
        var refused = new CertificateRequest("CN=pod", weak, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        var (first, _) = await JoinAsync(host, Token(host), Body("cart", refused.CreateSigningRequestPem()));
        var (second, body) = await JoinAsync(host, Token(host), Body("cart", Csr()));

        Assert.Equal(HttpStatusCode.BadRequest, first);
        Assert.True(second is HttpStatusCode.OK or HttpStatusCode.Created, $"{second}: {body}");
    }

    [Fact]
    public async Task Join_tokens_in_place_of_certificates_buy_no_second_one()
    {
        await using var host = await StartAsync(reattests: false);
        var tokens = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            var (_, joined) = await JoinAsync(host, Token(host), Body("cart", csr: ""));
            tokens.Add(joined.GetProperty("sidecarConfig").GetProperty("token").GetString()!);
        }

        var (first, _) = await SignAsync(host, tokens[0], "shop/cart-1");
        var (second, body) = await SignAsync(host, tokens[1], "shop/cart-1");

        Assert.Equal(HttpStatusCode.Created, first);
        Assert.True(second is HttpStatusCode.Unauthorized, $"{second}: {body}");
    }

    [Fact]
    public async Task A_join_token_for_a_node_is_good_for_that_node_only_and_for_the_first_time_where_the_file_says_so()
    {
        await using var host = await StartAsync(joinTokens: false);

        var nameless = await SignAsync(host, await host.MintAsync("""{"namespace":"shop"}"""), "shop/vm-1");
        var other = await SignAsync(host, await host.MintAsync("""{"namespace":"shop","node":"vm-1"}"""), "shop/vm-2");
        var first = await SignAsync(host, await host.MintAsync("""{"namespace":"shop","node":"vm-1"}"""), "shop/vm-1");
        var second = await SignAsync(host, await host.MintAsync("""{"namespace":"shop","node":"vm-1"}"""), "vm-1");

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Created, HttpStatusCode.Unauthorized),
            (nameless.Status, other.Status, first.Status, second.Status));
    }

    [Fact]
    public async Task Nobody_may_be_the_control_plane()
    {
        await using var host = await StartAsync();
        var evil = JsonSerializer.Serialize(new
        {
            @namespace = "istio-system", name = "evil-1", address = "10.0.0.9", serviceAccount = "mesh-control-plane", csr = Csr(),
        });

        var (minted, _) = await host.PostAsync("/v1/tokens", """{"namespace":"istio-system","serviceAccount":"mesh-control-plane"}""");
        var (joined, body) = await JoinAsync(host, host.AdminCredential, evil);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (minted, joined));
        Assert.Contains("control plane", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_good_for_nothing_else()
    {
        await using var host = await StartAsync();

        using var response = await host.GetAsync("/v1/services", Token(host));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    public void Dispose() => _files.Delete(recursive: true);

    private static async Task<(HttpStatusCode Status, JsonElement Body)> JoinAsync(ApiHost host, string token, string body) =>
        await ReadAsync(await SendAsync(host, token, body));

    private static async Task<(HttpStatusCode Status, JsonElement Body)> SignAsync(ApiHost host, string token, string node) =>
        await ReadAsync(await SendAsync(host, token, JsonSerializer.Serialize(new { csr = Csr(), node }), "/v1/certificates"));

    private static async Task<(HttpStatusCode Status, JsonElement Body)> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            return (response.StatusCode, document.RootElement.Clone());
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        ApiHost host, string token, string body, string path = "/v1/workloads")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (token.Length > 0) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        return await host.SendAsync(request);
    }

    private static Task AcceptAsync(HttpContext context)
    {
        context.Response.StatusCode = 201;
        return context.Response.WriteAsync(
            """{"status":{"authenticated":true,"user":{"username":"system:serviceaccount:shop:cart"},"audiences":["mesh"]}}""");
    }

    private static string AnyCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        return certificate.ExportCertificatePem();
    }

    private static string PodOf(string uid) => $$$""","pod":{"name":"cart-1","uid":"{{{uid}}}"}""";

    private static string Claims(ApiHost host, int seconds = 300, string? pod = null) => $$$"""
        {"iss":"{{{Issuer}}}","aud":["mesh"],"exp":{{{host.Clock.GetUtcNow().ToUnixTimeSeconds() + seconds}}},"sub":"system:serviceaccount:shop:cart","kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"cart","uid":"1"}{{{pod ?? PodOf("u1")}}} } }
        """;

    private static string Body(string account, string csr, string name = "cart-1") => JsonSerializer.Serialize(new
    {
        @namespace = "shop", name, address = "10.1.2.3", serviceAccount = account, csr,
    });

    private static string Csr()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=pod", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    private string Token(ApiHost host, string uid = "u1") => _key.Sign(Claims(host, pod: PodOf(uid)));

    private string InFolder(string name) => Path.Combine(_files.FullName, name);

    private Task<ApiHost> StartAsync(string server = "", bool reattests = true, string more = "", bool joinTokens = true)
    {
        var decides = server.Length > 0
            ? $"tokenReview: {{server: '{server}', caFile: {InFolder("ca")}, tokenFile: {InFolder("credential")}}}"
            : $"jwksFile: {InFolder("keys")}";
        return ApiHost.StartAsync($"""
            attestation:
              joinTokens: {"{"}reattest: {(joinTokens ? "true" : "false")}{"}"}
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
