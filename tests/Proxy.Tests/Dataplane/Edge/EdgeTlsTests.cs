using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane.Edge;

/// <summary>How the edge ends TLS: by name, with what is on its machine at the time.</summary>
public sealed class EdgeTlsTests : IAsyncLifetime
{
    private EchoBackend _backend = null!;
    private EdgeGateway _gateway = null!;

    public async Task InitializeAsync() =>
        (_backend, _gateway) = (await EchoBackend.StartAsync(), await EdgeGateway.StartAsync());

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task The_name_in_the_handshake_chooses_the_certificate_and_a_name_that_nobody_has_gets_none()
    {
        var (a, wild) = (_gateway.Authority.Issue("a.example"), _gateway.Authority.Issue("*.wild.example"));
        _gateway.Credentials.Put("a.example", a);
        _gateway.Credentials.Put("*.wild.example", wild);
        await ApplyAsync(Https("a.example"), Https("*.wild.example"));

        Assert.Equal(a.SerialNumber, await _gateway.SerialAsync("tls", "a.example"));
        Assert.Equal(wild.SerialNumber, await _gateway.SerialAsync("tls", "b.wild.example"));
        await Assert.ThrowsAnyAsync<IOException>(() => _gateway.SerialAsync("tls", "b.wild.example.org"));
    }

    [Fact]
    public async Task Clients_that_can_get_HTTP_2_and_the_application_learns_who_they_are_and_nothing_they_made_up()
    {
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        await ApplyAsync(Https("a.example"));
        using var client = _gateway.Client("tls");
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://a.example/x")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("x-forwarded-for", "10.1.1.1");
        request.Headers.Add("x-forwarded-proto", "http");
        request.Headers.Add("X_Forwarded_For", "6.6.6.6"); // which many applications read as the other
        request.Headers.Add("x-forwarded_proto", "http");
        request.Headers.Add("x-envoy-original-path", "/secret");
        request.Headers.Add("x-envoy-upstream-rq-timeout-ms", "1");
        request.Headers.Add("x-forwarded-client-cert", "URI=spiffe://cluster.local/ns/app/sa/admin");

        using var response = await client.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (response.StatusCode, response.Version));
        var seen = _backend.Requests.Single().Headers;
        Assert.Equal("10.1.1.1, 127.0.0.1", seen["x-forwarded-for"]);
        Assert.Equal("https", seen["x-forwarded-proto"]);
        Assert.DoesNotContain(seen.Keys, name => name.Contains('_', StringComparison.Ordinal));
        Assert.DoesNotContain("x-envoy-original-path", seen.Keys);
        Assert.DoesNotContain("x-envoy-upstream-rq-timeout-ms", seen.Keys);
        Assert.DoesNotContain("x-forwarded-client-cert", seen.Keys);
    }

    [Theory]
    [InlineData(0, "192.0.2.7", "http", "127.0.0.1", "https")] // whoever connects is the client
    [InlineData(1, "192.0.2.7", "http", "192.0.2.7", "http")] // the proxy before it is trusted
    [InlineData(1, "10.6.6.6, 192.0.2.7", "ftp", "192.0.2.7", "https")] // what the client had made up is not looked at
    [InlineData(2, "192.0.2.7, 198.51.100.1", "https", "192.0.2.7", "https")]
    [InlineData(2, "192.0.2.7", "http", "127.0.0.1", "http")] // too short: not passed on by those who are trusted
    [InlineData(1, "unknown", "http", "127.0.0.1", "http")]
    [InlineData(1, "", "", "127.0.0.1", "https")]
    public async Task The_original_client_is_told_by_as_many_proxies_as_are_trusted(
        int trusted, string forwarded, string scheme, string client, string seenScheme)
    {
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        var rule = new RequestRule.RemoteAddress(IPNetwork.Parse($"{client}/32"));
        await ApplyAsync(Https("a.example") with
        {
            TrustedHops = trusted,
            Authorization = Models.Rules(AuthorizationAction.Allow, new RequestRule.Always(), rule),
        });
        using var http = _gateway.Client("tls");
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://a.example/x");
        if (forwarded.Length > 0) request.Headers.Add("x-forwarded-for", forwarded);
        if (scheme.Length > 0) request.Headers.Add("x-forwarded-proto", scheme);

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var seen = _backend.Requests.Single().Headers;
        Assert.Equal(forwarded.Length > 0 ? $"{forwarded}, 127.0.0.1" : "127.0.0.1", seen["x-forwarded-for"]);
        Assert.Equal(seenScheme, seen["x-forwarded-proto"]);
    }

    [Fact]
    public async Task A_new_certificate_is_shown_in_the_next_handshake_and_costs_no_connection()
    {
        var (old, next) = (_gateway.Authority.Issue("a.example"), _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.Put("a.example", old);
        await ApplyAsync(Https("a.example"));
        using var client = _gateway.Client("tls");
        Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));
        Assert.Equal(old.SerialNumber, await _gateway.SerialAsync("tls", "a.example"));

        _gateway.Credentials.Put("a.example", next);

        Assert.Equal(next.SerialNumber, await _gateway.SerialAsync("tls", "a.example"));
        Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));
    }

    [Fact]
    public async Task Without_its_certificate_one_name_fails_and_the_others_do_not_until_it_comes()
    {
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        await ApplyAsync(Https("a.example"), Https("b.example"));

        await Assert.ThrowsAnyAsync<IOException>(() => _gateway.SerialAsync("tls", "b.example"));
        using var client = _gateway.Client("tls");
        Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));

        _gateway.Credentials.Put("b.example", _gateway.Authority.Issue("b.example"));
        Assert.Equal("echo", await client.GetStringAsync("https://b.example/"));
    }

    [Fact]
    public async Task Clients_must_show_what_the_roots_vouch_for_and_have_not_revoked()
    {
        var (good, revoked) = (_gateway.Authority.Issue("good.example"), _gateway.Authority.Issue("revoked.example"));
        var stranger = new EdgeAuthority("edge root").Issue("good.example");
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.PutRoots("roots", _gateway.Authority);
        using var folder = new Sidecar.TemporaryFolder();
        File.WriteAllText(folder.File("crl.pem"), _gateway.Authority.Revoke(revoked));
        await ApplyAsync(Https("a.example", Mutual(ClientCertificateDemand.Required) with
        {
            Roots = new EdgeRootsName("roots", RevokedFile: folder.File("crl.pem")),
        }));

        using (var client = _gateway.Client("tls", good)) Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));
        Assert.StartsWith("Hash=", _backend.Requests.Single().Headers["x-forwarded-client-cert"], StringComparison.Ordinal);
        await AssertRefusedAsync(null);
        await AssertRefusedAsync(revoked);
        await AssertRefusedAsync(stranger);
        Assert.Equal(1, _backend.Calls);
    }

    [Fact]
    public async Task While_there_was_never_a_list_where_one_is_named_nobody_may_come()
    {
        var good = _gateway.Authority.Issue("good.example");
        using var folder = new Sidecar.TemporaryFolder();
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.PutRoots("roots", _gateway.Authority);
        await ApplyAsync(Https("a.example", Mutual(ClientCertificateDemand.Required) with
        {
            Roots = new EdgeRootsName("roots", RevokedFile: folder.File("crl.pem")),
        }));

        await AssertRefusedAsync(good);
        File.WriteAllText(folder.File("crl.pem"), _gateway.Authority.Revoke());

        using var client = _gateway.Client("tls", good);
        Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));
    }

    [Fact]
    public async Task Names_narrow_who_of_those_may_come()
    {
        var (good, other) = (_gateway.Authority.Issue("good.example"), _gateway.Authority.Issue("other.example"));
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.PutRoots("roots", _gateway.Authority);
        await ApplyAsync(Https("a.example", Mutual(ClientCertificateDemand.Required) with { AllowedNames = ["good.example"] }));

        using (var client = _gateway.Client("tls", good)) Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));
        await AssertRefusedAsync(other);
    }

    [Fact]
    public async Task Where_a_certificate_is_optional_none_is_fine_and_a_bad_one_is_not()
    {
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.PutRoots("roots", _gateway.Authority);
        await ApplyAsync(Https("a.example", Mutual(ClientCertificateDemand.Optional)));

        using (var client = _gateway.Client("tls")) Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));
        await AssertRefusedAsync(new EdgeAuthority("stranger").Issue("x.example"));
    }

    [Fact]
    public async Task A_connection_made_before_certificates_were_demanded_carries_no_further_request()
    {
        _gateway.Credentials.Put("a.example", _gateway.Authority.Issue("a.example"));
        _gateway.Credentials.PutRoots("roots", _gateway.Authority);
        await ApplyAsync(Https("a.example"));
        using var client = _gateway.Client("tls");
        Assert.Equal("echo", await client.GetStringAsync("https://a.example/"));

        await ApplyAsync(Https("a.example", Mutual(ClientCertificateDemand.Required)));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetStringAsync("https://a.example/"));
        Assert.Equal(1, _backend.Calls);
    }

    private static EdgeTlsModel Mutual(ClientCertificateDemand demand) =>
        EdgeGateway.Tls("a.example") with { Key = $"{demand}", Demand = demand, Roots = new EdgeRootsName("roots") };

    private static EdgeChainModel Https(string name, EdgeTlsModel? tls = null) =>
        EdgeGateway.Https(name, Models.AnyHost(Models.To("b")), tls);

    private Task ApplyAsync(params EdgeChainModel[] chains) =>
        _gateway.ApplyAsync([Models.Cluster("b", _backend)], EdgeGateway.Listener("tls", chains));

    private async Task AssertRefusedAsync(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate)
    {
        using var client = _gateway.Client("tls", certificate);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetStringAsync("https://a.example/"));
    }
}
