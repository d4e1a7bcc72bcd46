#if !MESH_ENGINE_ORLEANS
using System.Net;
using MeshOrleans.Silo.Access;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>Operators by the tokens of their issuer: which are believed, and what they may then do.</summary>
public sealed class OperatorTokenTests : IDisposable
{
    private readonly LoginIssuer _issuer = new();

    [Fact]
    public async Task A_good_token_is_somebody_with_roles()
    {
        await using var host = await StartAsync();

        var (status, body) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($"{LoginIssuer.Name}#alice", body.GetProperty("name").GetString());
        Assert.Equal("viewer", body.GetProperty("roles")[0].GetProperty("role").GetString());
    }

    public static TheoryData<string, string> WrongTokens => new()
    {
        { "expired", "expired" },
        { "early", "not yet valid" },
        { "endless", "has no exp" },
        { "audience", "Audiences" },
        { "no audience", "Audiences" },
        { "issuer", "not one of those" },
        { "none", "not supported" },
        { "HS256", "not supported" },
        { "algorithm", "not among the algorithms" },
        { "key", "Jwks doesn't have key" },
        { "signature", "verification fails" },
        { "claim twice", "is none" },
    };

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task A_token_that_is_no_good_is_401_and_says_why(string kind, string reason)
    {
        await using var host = await StartAsync();
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        var good = LoginIssuer.Claims(now, "viewers");
        var token = kind switch
        {
            "expired" => _issuer.Key.Sign(good.Replace($"{now + 300}", $"{now - 61}", StringComparison.Ordinal)),
            "early" => _issuer.Key.Sign(good.Replace("\"sub\"", $"\"nbf\":{now + 120},\"sub\"", StringComparison.Ordinal)),
            "endless" => _issuer.Key.Sign(good.Replace($"\"exp\":{now + 300},", "", StringComparison.Ordinal)),
            "audience" => _issuer.Key.Sign(good.Replace("\"mesh\"", "\"other\"", StringComparison.Ordinal)),
            "no audience" => _issuer.Key.Sign(good.Replace("\"aud\":\"mesh\",", "", StringComparison.Ordinal)),
            "issuer" => _issuer.Key.Sign(good.Replace(LoginIssuer.Name, "https://evil.example", StringComparison.Ordinal)),
            "none" => $"{TestIssuer.Text("""{"alg":"none"}""")}.{TestIssuer.Text(good)}.{TestIssuer.Text("x")}",
            "HS256" => _issuer.Key.Sign(good, """{"alg":"HS256","kid":"k1"}"""),
            "algorithm" => _issuer.Key.Sign(good, """{"alg":"RS256","kid":"k1"}"""),
            "key" => new SigningKey("k2").Sign(good),
            "signature" => new SigningKey("k1").Sign(good),
            _ => _issuer.Key.Sign(good.Replace("\"sub\"", "\"sub\":\"bob\",\"sub\"", StringComparison.Ordinal)),
        };

        var (status, body) = await LoginIssuer.CallAsync(host, "GET", "/v1/services", token);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains(reason, body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("viewers", "GET", "/v1/config", "", 200)]
    [InlineData("viewers", "POST", "/v1/config", "Service", 403)]
    [InlineData("viewers", "POST", "/v1/tokens", """{"namespace":"shop"}""", 403)]
    [InlineData("shop-operators", "POST", "/v1/config", "shop", 200)]
    [InlineData("shop-operators", "POST", "/v1/config", "pay", 403)]
    [InlineData("shop-operators", "POST", "/v1/config", "both", 403)]
    [InlineData("shop-operators", "POST", "/v1/config", "mesh", 403)]
    [InlineData("shop-operators", "POST", "/v1/config", "class", 403)]
    [InlineData("shop-operators", "POST", "/v1/tokens", """{"namespace":"shop"}""", 403)]
    [InlineData("shop-operators", "POST", "/v1/ca/rotate", "{}", 403)]
    [InlineData("shop-operators", "GET", "/v1/ca", "", 403)]
    [InlineData("shop-operators", "GET", "/v1/analyze", "", 403)]
    [InlineData("shop-operators", "DELETE", "/v1/config/Service/pay/p", "", 404)]
    [InlineData("shop-operators", "GET", "/v1/config/Service/pay/p", "", 404)]
    [InlineData("shop-operators", "GET", "/v1/workloads/pay/p", "", 404)]
    [InlineData("shop-operators", "DELETE", "/v1/workloads/pay/p", "", 404)]
    [InlineData("shop-operators", "DELETE", "/v1/workloads/shop/p", "", 403)]
    [InlineData("registrars", "POST", "/v1/tokens", """{"namespace":"shop"}""", 201)]
    [InlineData("registrars", "POST", "/v1/tokens", """{"namespace":"pay"}""", 403)]
    [InlineData("registrars", "POST", "/v1/tokens", """{"namespace":"shop","purpose":"peer"}""", 403)]
    [InlineData("registrars", "POST", "/v1/workloads", """{"namespace":"shop","name":"vm","address":"10.1.1.1"}""", 201)]
    [InlineData("registrars", "POST", "/v1/workloads", """{"namespace":"pay","name":"vm","address":"10.1.1.1"}""", 403)]
    [InlineData("registrars", "POST", "/v1/tokens", """{"namespace":"shop","serviceAccount":"deployer"}""", 403)]
    [InlineData("registrars", "POST", "/v1/tokens", """{"namespace":"shop","serviceAccount":"root"}""", 403)]
    [InlineData("registrars", "POST", "/v1/workloads", """{"namespace":"shop","name":"vm","address":"10.1.1.1","serviceAccount":"root"}""", 403)]
    [InlineData("builders", "POST", "/v1/tokens", """{"namespace":"shop","serviceAccount":"deployer"}""", 201)]
    [InlineData("builders", "POST", "/v1/tokens", """{"namespace":"shop","serviceAccount":"root"}""", 403)]
    [InlineData("admins", "POST", "/v1/tokens", """{"namespace":"shop","serviceAccount":"root"}""", 201)]
    [InlineData("registrars", "POST", "/v1/config", "shop", 403)]
    [InlineData("registrars", "POST", "/v1/certificates", """{"csr":"-"}""", 400)]
    [InlineData("nobody", "GET", "/v1/config", "", 403)]
    [InlineData("admins", "POST", "/v1/config", "mesh", 200)]
    [InlineData("admins", "POST", "/v1/ca/rotate", "{}", 202)]
    public async Task Each_role_may_what_it_is_for(string group, string method, string path, string body, int expected)
    {
        await using var host = await StartAsync();
        await LoginIssuer.CallAsync(host, "POST", "/v1/config", host.AdminCredential, Manifest("pay", "p"));

        var (status, answer) = await LoginIssuer.CallAsync(host, method, path, _issuer.Token(host, group), body switch
        {
            "Service" or "shop" => Manifest("shop", "s"),
            "pay" => Manifest("pay", "p2"),
            "both" => Manifest("shop", "s") + "---\n" + Manifest("pay", "p2"),
            "mesh" => "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: shop}, spec: {}}",
            "class" => "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}",
            _ => body,
        });

        Assert.True((int)status == expected, $"{(int)status}: {answer}");
        if (expected == 403) Assert.Contains("role", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_has_what_the_caller_sees()
    {
        await using var host = await StartAsync();
        await LoginIssuer.CallAsync(
            host, "POST", "/v1/config", host.AdminCredential, Manifest("pay", "p") + "---\n" + Manifest("shop", "s"));

        var (_, mine) = await LoginIssuer.CallAsync(host, "GET", "/v1/config", _issuer.Token(host, "shop-operators"));
        var (_, all) = await LoginIssuer.CallAsync(host, "GET", "/v1/config", _issuer.Token(host, "viewers"));
        var (_, revision) = await LoginIssuer.CallAsync(host, "GET", "/v1/revisions/1", _issuer.Token(host, "shop-operators"));

        Assert.Equal(["shop"], mine.EnumerateArray().Select(row => row.GetProperty("namespace").GetString()!));
        Assert.Equal(2, all.GetArrayLength());
        Assert.Equal("shop", revision.GetProperty("changes").EnumerateArray().Single().GetProperty("namespace").GetString());
    }

    [Theory]
    [InlineData("shop-operators", "")]
    [InlineData("viewers", "for pay")]
    public async Task The_reason_of_a_change_is_told_to_who_sees_all_of_it(string group, string expected)
    {
        await using var host = await StartAsync();
        await LoginIssuer.CallAsync(
            host, "POST", "/v1/config?reason=for%20pay", host.AdminCredential, Manifest("pay", "p") + "---\n" + Manifest("shop", "s"));

        var (_, revision) = await LoginIssuer.CallAsync(host, "GET", "/v1/revisions/1", _issuer.Token(host, group));

        Assert.Equal(expected, revision.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Callers_of_different_names_stay_different()
    {
        await using var host = await StartAsync();
        var claims = LoginIssuer.Claims(host.Clock.GetUtcNow().ToUnixTimeSeconds(), "viewers");
        string[] names = ["m\u00fcller", "m\u00f6ller", "m?ller", "m\\\\u00fcller"];
        var told = new HashSet<string>();
        foreach (var name in names)
        {
            var token = _issuer.Key.Sign(claims.Replace("\"alice\"", $"\"{name}\"", StringComparison.Ordinal));
            var (_, body) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", token);
            told.Add(body.GetProperty("name").GetString()!);
        }

        var endless = _issuer.Key.Sign(claims.Replace("alice", new string('a', 257), StringComparison.Ordinal));
        var (status, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", endless);

        Assert.Equal(names.Length, told.Count);
        Assert.Contains($"{LoginIssuer.Name}#m\\u00fcller", told);
        Assert.All(told, name => Assert.All(name, c => Assert.InRange(c, ' ', '~')));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task A_new_key_is_found_without_a_restart()
    {
        await using var host = await StartAsync();
        await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));
        var next = new SigningKey("k2");
        File.WriteAllText(_issuer.KeyFile, SigningKey.Set(next));
        host.Clock.Advance(TimeSpan.FromSeconds(31));

        var claims = LoginIssuer.Claims(host.Clock.GetUtcNow().ToUnixTimeSeconds(), "viewers");
        var (status, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", next.Sign(claims));
        var (former, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Key.Sign(claims));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (status, former));
    }

    [Fact]
    public async Task Keys_that_were_taken_out_of_their_file_are_good_for_nobody_from_the_next_call_on()
    {
        await using var host = await StartAsync();
        await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));
        File.WriteAllText(_issuer.KeyFile, """{"keys":[]}""");
        host.Clock.Advance(TimeSpan.FromSeconds(2));

        var (first, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));

        Assert.Equal(HttpStatusCode.Unauthorized, first);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData(null)]
    public async Task Keys_whose_file_is_no_good_hold_while_it_may_be_being_written_and_no_longer(string? content)
    {
        await using var host = await StartAsync();
        await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));
        if (content is null) File.Delete(_issuer.KeyFile);
        else File.WriteAllText(_issuer.KeyFile, content);

        host.Clock.Advance(TimeSpan.FromSeconds(2));
        var (soon, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        var (late, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));
        File.WriteAllText(_issuer.KeyFile, SigningKey.Set(_issuer.Key));
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        var (again, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/whoami", _issuer.Token(host, "viewers"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (soon, late, again));
    }

    [Fact]
    public async Task A_right_that_is_taken_is_gone_with_the_file()
    {
        await using var host = await StartAsync();
        File.WriteAllText(host.AccessFilePath, File.ReadAllText(host.AccessFilePath).Replace(
            "viewers", "others", StringComparison.Ordinal));
        host.Service<AccessFile>().Look();
        host.Service<AccessFile>().Look(); // it counts once it is found twice

        var (status, _) = await LoginIssuer.CallAsync(host, "GET", "/v1/config", _issuer.Token(host, "viewers"));

        Assert.Equal(HttpStatusCode.Forbidden, status);
    }

    public void Dispose() => _issuer.Dispose();

    private static string Manifest(string ns, string name) =>
        $"{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {ns}}}, spec: {{ports: [{{port: 80}}]}}}}\n";

    private Task<ApiHost> StartAsync() => ApiHost.StartAsync($$"""
        issuers:
        - {{_issuer.Entry}}
        bindings:
        - {role: viewer, subjects: [{claim: groups, value: viewers}]}
        - {role: operator, namespaces: [shop], subjects: [{claim: groups, value: shop-operators}]}
        - {role: registrar, namespaces: [shop], subjects: [{claim: groups, value: registrars}]}
        - {role: admin, subjects: [{claim: groups, value: admins}, {spiffe: "spiffe://cluster.local/ns/shop/sa/root"}]}
        - {role: registrar, namespaces: [shop], subjects: [{claim: groups, value: builders}]}
        - {role: operator, namespaces: [shop, pay], subjects: [{claim: groups, value: builders}]}
        - {role: operator, namespaces: [pay], subjects: [{spiffe: "spiffe://cluster.local/ns/shop/sa/deployer"}]}
        """);
}
#endif
