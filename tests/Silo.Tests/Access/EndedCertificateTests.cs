#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Tests.Api;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Access;

/// <summary>Who comes back by a certificate that has ended, over the HTTP API, and who does not, and what each is told.</summary>
public sealed class EndedCertificateTests : IDisposable
{
    private const string Id = "spiffe://cluster.local/ns/shop/sa/cart";
    private const string Node = "sidecar~10.1.2.3~cart-1.shop~shop.svc.cluster.local";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _next = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _key.Dispose();
        _next.Dispose();
    }

    [Theory]
    [InlineData(false)] // it is the newest one
    [InlineData(true)] // or the one before, whose successor was lost on its way
    public async Task It_is_good_for_another_one_of_its_node_while_the_policy_lets_it(bool isBefore)
    {
        await using var host = await StartAsync("24h");
        var chain = await IssueAsync(host);
        if (isBefore) await IssueAsync(host, otherKey: true);
        host.Clock.Advance(TimeSpan.FromHours(30));

        var (status, body) = await AskAsync(host, chain);

        Assert.True(status is HttpStatusCode.Created, $"{status}: {body}");
        using var leaf = X509Certificate2.CreateFromPem(body.GetProperty("chain")[0].GetString()!);
        Assert.Contains(Id, PeerSvid.ReadUris(leaf));
        Assert.Equal(_next.ExportSubjectPublicKeyInfo(), leaf.PublicKey.ExportSubjectPublicKeyInfo());
        var view = Assert.Single(await host.Grain<IIdentityGrain>(Id).ListAsync(default));
        Assert.Equal((Node, leaf.SerialNumber), (view.NodeId, view.Serial));
        var (_, trail) = await host.GetAsync("/v1/audit");
        Assert.Contains(trail.EnumerateArray(), e => IsNoted(e, Node, 201));
    }

    [Fact]
    public async Task Who_repeats_the_request_gets_the_same_certificate_which_is_of_use_to_its_first_sender_only()
    {
        await using var host = await StartAsync("24h");
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(30));
        var request = Body(chain);

        var (_, first) = await PostAsync(host, request);
        var (_, second) = await PostAsync(host, request);

        Assert.Equal(first.GetProperty("serial").GetString(), second.GetProperty("serial").GetString());
    }

    [Theory]
    [InlineData("", 1, "grace of the access file is not set")]
    [InlineData("0s", 1, "grace of the access file is not set")]
    [InlineData("24h", 49, "counted for 1.00:00:00 after that")]
    [InlineData("1h", 2, "counted for 01:00:00 after that")]
    public async Task Beyond_the_policy_it_is_refused_and_told_what_to_do(string grace, int hoursAfter, string reason)
    {
        await using var host = await StartAsync(grace);
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(24 + hoursAfter));

        var (status, body) = await AskAsync(host, chain);

        AssertRefused(HttpStatusCode.Unauthorized, reason, status, body);
        Assert.Contains("use a join token", body.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(await host.Grain<IIdentityGrain>(Id).ListAsync(default));
    }

    [Theory]
    [InlineData("other key", "not one of the CSR by the key")]
    [InlineData("other request", "not one of the CSR by the key")]
    [InlineData("CSR alone", "not one of the CSR by the key")]
    [InlineData("other authority", "does not lead to a root of its trust domain")]
    [InlineData("superseded", "neither the newest of its node nor the one before")]
    [InlineData("revoked", "was revoked")]
    [InlineData("forgotten", "neither the newest of its node nor the one before")]
    [InlineData("removed", "workload shop/cart-1 is not registered, or was removed")]
    [InlineData("other account", "workload shop/cart-1 is registered with service account 'other'")]
    [InlineData("nameless", "that is no workload of its namespace")]
    public async Task Whatever_else_is_wrong_with_it_is_refused(string kind, string reason)
    {
        await using var host = await StartAsync("24h");
        var chain = await IssueAsync(host, node: kind == "nameless" ? "a/b/c" : Node);
        var serial = SerialOf(chain);
        switch (kind)
        {
            case "other authority":
                await using (var other = await StartAsync("24h")) chain = await IssueAsync(other);
                break;
            case "superseded":
                await IssueAsync(host, otherKey: true);
                await IssueAsync(host, otherKey: true);
                break;
            case "revoked":
                await host.PostAsync($"/v1/ca/revocations/{serial}?reason=key-compromise", "{}");
                break;
            case "forgotten":
                await host.Grain<IIdentityGrain>(Id).ForgetAsync(serial, default);
                break;
            case "removed":
                await host.Grain<IWorkloadGrain>("shop/cart-1").LeaveAsync(default);
                break;
            case "other account":
                await host.Grain<IWorkloadGrain>("shop/cart-1").LeaveAsync(default);
                await RegisterAsync(host, "other");
                break;
        }

        host.Clock.Advance(TimeSpan.FromHours(25));
        if (kind == "revoked") await UntilToldAsync(host);
        var request = kind switch
        {
            "other key" => Body(chain, signer: _next),
            "other request" => Body(chain, signed: Csr(_key)),
            "CSR alone" => Body(chain, signature: _key.SignData(
                Csr(_next), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            _ => Body(chain),
        };

        var (status, body) = await PostAsync(host, request);

        AssertRefused(HttpStatusCode.Unauthorized, reason, status, body);
        Assert.Empty((await host.Grain<IIdentityGrain>(Id).ListAsync(default)).Where(view => view.NotAfter > host.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task A_refusal_of_who_holds_the_key_is_in_the_audit_trail_once()
    {
        await using var host = await StartAsync("1h");
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(30));

        for (var i = 0; i < 3; i++) await AskAsync(host, chain);

        var (_, trail) = await host.GetAsync("/v1/audit");
        Assert.Single(trail.EnumerateArray(), e => IsNoted(e, SerialOf(chain), 401));
    }

    [Fact]
    public async Task It_is_good_for_no_other_node_than_its_own()
    {
        await using var host = await StartAsync("24h");
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(25));

        var (other, body) = await PostAsync(host, Body(chain, node: "shop/cart-2"));
        var (own, _) = await PostAsync(host, Body(chain, node: "shop/cart-1"));

        AssertRefused(HttpStatusCode.Forbidden, "is for node 'shop/cart-1', and not for 'shop/cart-2'", other, body);
        Assert.Equal(HttpStatusCode.Created, own);
    }

    [Theory]
    [InlineData(false, HttpStatusCode.Unauthorized)]
    [InlineData(true, HttpStatusCode.Created)]
    public async Task An_identity_with_roles_comes_back_only_where_the_policy_says_so(bool grantsRoles, HttpStatusCode expected)
    {
        await using var host = await StartAsync("24h", $$"""
            , grantsRoles: {{(grantsRoles ? "true" : "false")}}}
            bindings:
            - {role: admin, subjects: [{spiffe: "{{Id}}"}]}
            """);
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(25));

        var (status, body) = await AskAsync(host, chain);

        Assert.True(status == expected, $"{status}: {body}");
        if (!grantsRoles) Assert.Contains("grantsRoles", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_takes_from_the_rate_of_its_node()
    {
        await using var host = await StartAsync("24h");
        host.Service<IOptions<AuthorityOptions>>().Value.IssueBurst = 1;
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(25));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var (first, _) = await PostAsync(host, Body(chain));
        var (second, body) = await PostAsync(host, Body(chain, key: other)); // it is the one before by now

        Assert.Equal(HttpStatusCode.Created, first);
        AssertRefused(HttpStatusCode.TooManyRequests, "too many certificates signed", second, body);
    }

    [Theory]
    [InlineData("""{"csr":CSR}""", 401, "join token")]
    [InlineData("""{"csr":CSR,"ended":{}}""", 400, "ended.chain")]
    [InlineData("""{"csr":CSR,"ended":{"chain":"no PEM","signature":"AAAA"}}""", 400, "ended.chain")]
    [InlineData("""{"csr":CSR,"ended":{"chain":CHAIN}}""", 400, "ended.signature")]
    [InlineData("""{"csr":CSR,"ended":{"chain":CHAIN,"signature":"?"}}""", 400, "ended.signature")]
    [InlineData("""{"csr":CSR,"lifetimeSeconds":60,"ended":{"chain":CHAIN,"signature":"AAAA"}}""", 400, "lifetimeSeconds")]
    [InlineData("""{"csr":"-","ended":{"chain":CHAIN,"signature":"AAAA"}}""", 400, "csr")]
    [InlineData("""{"csr":CSR,"ended":{"chain":CHAIN,"signature":"AAAA","more":1}}""", 400, "more")]
    public async Task A_wrong_body_is_refused_by_its_field(string json, int expected, string text)
    {
        await using var host = await StartAsync("24h");
        var chain = await IssueAsync(host);
        var body = json
            .Replace("CSR", JsonSerializer.Serialize(PemOf(Csr(_next))), StringComparison.Ordinal)
            .Replace("CHAIN", JsonSerializer.Serialize(chain), StringComparison.Ordinal);

        var (status, answer) = await PostAsync(host, body);

        Assert.True((int)status == expected, $"{status}: {answer}");
        Assert.Contains(text, answer.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_stands_beside_no_other_credential()
    {
        await using var host = await StartAsync("24h");
        var chain = await IssueAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(25));

        var (status, body) = await PostAsync(host, Body(chain), host.AdminCredential);

        AssertRefused(HttpStatusCode.BadRequest, "cannot stand beside", status, body);
    }

    private static void AssertRefused(HttpStatusCode expected, string reason, HttpStatusCode status, JsonElement body)
    {
        Assert.True(status == expected, $"{status}: {body}");
        Assert.Contains(reason, body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(status is HttpStatusCode.BadRequest ? "MSH1001" : $"HTTP{(int)status}", body.GetProperty("errors")[0].GetProperty("code").GetString());
    }

    private static bool IsNoted(JsonElement entry, string address, int status) =>
        entry.GetProperty("method").GetString() == "REATTEST"
        && entry.GetProperty("caller").GetString() == Id
        && entry.GetProperty("address").GetString() == address
        && entry.GetProperty("status").GetInt32() == status;

    private static async Task<ApiHost> StartAsync(string grace, string more = "}")
    {
        var host = await ApiHost.StartAsync(grace.Length == 0
            ? "attestation: {joinTokens: {reattest: true}}"
            : $$"""
                attestation:
                  endedCertificates: {grace: {{grace}} {{more}}
                """);
        await RegisterAsync(host, "cart");
        return host;
    }

    private static async Task RegisterAsync(ApiHost host, string account) => Assert.IsType<RegisterResult.Registered>(
        await host.Grain<IWorkloadGrain>("shop/cart-1").RegisterAsync(
            new WorkloadRegistration { Address = "10.1.2.3", ServiceAccount = account, Lease = TimeSpan.FromSeconds(30) }, default));

    // as a sidecar gets it, and as long as everybody's
    private async Task<string> IssueAsync(ApiHost host, bool otherKey = false, string node = Node)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new IssueRequest([.. Csr(otherKey ? other : _key)], node, null);
        var issued = Assert.IsType<IssueResult.Issued>(await host.Grain<IIdentityGrain>(Id).IssueAsync(request, default));
        for (var end = DateTime.UtcNow.AddSeconds(20); host.Service<SnapshotHolder>().Current.LocalBundle is null; await Task.Delay(20))
        {
            Assert.True(DateTime.UtcNow < end, "The roots are not known.");
        }

        return string.Join('\n', issued.ChainPem);
    }

    private static async Task UntilToldAsync(ApiHost host)
    {
        for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(20))
        {
            if (host.Service<SnapshotHolder>().Current.LocalBundle is { CrlsPem.IsEmpty: false }) return;
            Assert.True(DateTime.UtcNow < end, "What is revoked is not known.");
        }
    }

    private static string SerialOf(string chain)
    {
        using var leaf = X509Certificate2.CreateFromPem(chain);
        return leaf.SerialNumber;
    }

    private static byte[] Csr(ECDsa key) => new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256).CreateSigningRequest();

    private static string PemOf(byte[] csr) => PemEncoding.WriteString("CERTIFICATE REQUEST", csr);

    private Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(ApiHost host, string chain) => PostAsync(host, Body(chain));

    private string Body(
        string chain, ECDsa? signer = null, byte[]? signed = null, byte[]? signature = null, string node = "", ECDsa? key = null)
    {
        var csr = Csr(key ?? _next);
        var proof = signature ?? EndedCertificateProof.Sign(signer ?? _key, signed ?? csr);
        return JsonSerializer.Serialize(new
        {
            csr = PemOf(csr), node, ended = new { chain, signature = Convert.ToBase64String(proof) },
        });
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(ApiHost host, string json, string? bearer = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/certificates", UriKind.Relative));
        if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        request.Content = new StringContent(json, new MediaTypeHeaderValue("application/json"));
        using var response = await host.SendAsync(request);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, document.RootElement.Clone());
    }
}
#endif
