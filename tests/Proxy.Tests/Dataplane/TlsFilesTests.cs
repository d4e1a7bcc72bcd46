using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Edge;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;
using TestAuthority = MeshOrleans.Proxy.Tests.Dataplane.Fixtures.TestAuthority;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>TLS of the operator's own, with certificates from files.</summary>
public sealed class TlsFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();

    [Theory]
    [InlineData("db.example", true)]
    [InlineData("spiffe://other/db", true)]
    [InlineData("else.example", false)]
    [InlineData("spiffe://other/else", false)]
    public async Task The_server_must_carry_one_of_the_names_and_sees_the_certificate_of_the_file(string name, bool expected)
    {
        await using var backend = await TlsBackend.StartAsync(_authority.IssueFor("server", "db.example", "spiffe://other/db"));
        Show(_authority.IssueFor("client-1"));
        await using var proxy = await StartAsync(backend, Mutual with
        {
            Sni = "db.example",
            AllowedDnsNames = name.Contains("://") ? [] : [name],
            AllowedUris = name.Contains("://") ? [name] : [],
        });

        var (status, body) = await proxy.GetAsync("http://b/");

        Assert.Equal(expected ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, status);
        if (expected) Assert.Equal("CN=client-1", body);
        else await FailedToConnectAsync(proxy);
        Assert.Contains("db.example", backend.ServerNames);
    }

    [Fact]
    public async Task A_new_certificate_in_the_file_is_shown_by_the_next_connection_and_a_broken_one_is_not()
    {
        await using var backend = await TlsBackend.StartAsync(_authority.IssueFor("db.example"));
        Show(_authority.IssueFor("client-1"));
        await using var proxy = await StartAsync(backend, Mutual with { Sni = "db.example" });

        Assert.Equal((HttpStatusCode.OK, "CN=client-1"), await proxy.GetAsync("http://b/"));
        Show(_authority.IssueFor("client-number-2"));
        Assert.Equal((HttpStatusCode.OK, "CN=client-number-2"), await proxy.GetAsync("http://b/"));
        File.WriteAllText(Name("cert.pem"), "half a certifi");
        Assert.Equal((HttpStatusCode.OK, "CN=client-number-2"), await proxy.GetAsync("http://b/"));
        File.Delete(Name("cert.pem"));
        Assert.Equal((HttpStatusCode.OK, "CN=client-number-2"), await proxy.GetAsync("http://b/"));
        Show(_authority.IssueFor("the-third"));
        Assert.Equal((HttpStatusCode.OK, "CN=the-third"), await proxy.GetAsync("http://b/"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no certificate")]
    public async Task A_file_that_was_never_right_is_a_failure_to_connect(string? content)
    {
        await using var backend = await TlsBackend.StartAsync(_authority.IssueFor("db.example"));
        Show(_authority.IssueFor("client"));
        if (content is null) File.Delete(Name("cert.pem"));
        else File.WriteAllText(Name("cert.pem"), content);
        await using var proxy = await StartAsync(backend, Mutual with { Sni = "db.example" });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        await FailedToConnectAsync(proxy);
    }

    [Fact]
    public async Task The_roots_of_the_file_are_the_only_ones()
    {
        await using var backend = await TlsBackend.StartAsync(new TestAuthority().IssueFor("db.example"), wantsClient: false);
        Show(_authority.IssueFor("client"));
        var simple = Mutual with { CertificateFile = "", PrivateKeyFile = "", Sni = "db.example" };
        await using var proxy = await StartAsync(backend, simple);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        proxy.State.Apply(Model(backend, simple with { SkipVerification = true }));
        Assert.Equal((HttpStatusCode.OK, "nobody"), await proxy.GetAsync("http://b/"));
    }

    [Fact]
    public async Task A_credential_is_a_folder_of_this_machine_with_certificate_key_and_roots()
    {
        await using var backend = await TlsBackend.StartAsync(_authority.IssueFor("db.example"));
        var client = _authority.IssueFor("client-1");
        Directory.CreateDirectory(Name("cred"));
        File.WriteAllText(Name("cred/tls.crt"), client.ExportCertificatePem());
        File.WriteAllText(Name("cred/tls.key"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Name("cred/ca.crt"), _authority.RootPem);
        var named = new UpstreamTlsModel
        {
            Mode = UpstreamTlsMode.Simple, Sni = "db.example", Credential = "cred", RootsCredential = "cred-cacert",
        };
        await using var proxy = await StartAsync(backend, named, _folder.Path);

        Assert.Equal((HttpStatusCode.OK, "CN=client-1"), await proxy.GetAsync("http://b/"));
        foreach (var wrong in new[] { "other", "../cred", ".", "" })
        {
            proxy.State.Apply(Model(backend, named with { RootsCredential = wrong, Credential = wrong }));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        }
    }

    [Fact]
    public async Task A_server_whose_certificate_is_revoked_is_not_called_from_the_next_connection_on()
    {
        var authority = new EdgeAuthority();
        var (good, bad) = (authority.Issue("db.example"), authority.Issue("db.example"));
        await using var backend = await TlsBackend.StartAsync(bad, wantsClient: false);
        File.WriteAllText(Name("ca.pem"), authority.Root.ExportCertificatePem());
        File.WriteAllText(Name("crl.pem"), authority.Revoke(good));
        var tls = new UpstreamTlsModel
        {
            Mode = UpstreamTlsMode.Simple, Sni = "db.example", RootsFile = Name("ca.pem"), RevokedFile = Name("crl.pem"),
        };
        await using var proxy = await StartAsync(backend, tls);

        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        File.WriteAllText(Name("crl.pem"), ""); // half written: the former list counts
        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
        File.WriteAllText(Name("crl.pem"), authority.Revoke(good, bad));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        File.WriteAllText(Name("crl.pem"), authority.Revoke(bad) + authority.Revoke(good)[..100]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        proxy.State.Apply(Model(backend, tls with { AllowedDnsNames = ["db.example"] }));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
    }

    [Fact]
    public async Task Nothing_is_fetched_from_where_a_servers_certificate_points()
    {
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        elsewhere.Start();
        var issuers = $"http://127.0.0.1:{((IPEndPoint)elsewhere.LocalEndpoint).Port}/ca.crt";
        var certificate = new EdgeAuthority("nobody knows").Issue(
            "db.example", new X509AuthorityInformationAccessExtension(ocspUris: null, caIssuersUris: [issuers]));
        using var backend = new TcpListener(IPAddress.Loopback, 0); // Kestrel itself would look for the issuer
        backend.Start();
        var serving = HandshakeAsync(backend, SslStreamCertificateContext.Create(certificate, null, offline: true));
        var cluster = Models.Cluster("c", ((IPEndPoint)backend.LocalEndpoint).Port) with
        {
            Tls = new UpstreamTlsModel { Mode = UpstreamTlsMode.Simple, Sni = "db.example" },
        };
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(Models.To("c")), cluster));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        Assert.False(elsewhere.Pending());
        await serving;

        // as the system does where nobody tells it not to
        var build = Task.Run(() =>
        {
            using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck } };
            return chain.Build(certificate);
        });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        (await elsewhere.AcceptSocketAsync(patience.Token)).Dispose();
        elsewhere.Stop();
        Assert.False(await build);
    }

    [Fact]
    public async Task A_credential_that_is_a_link_is_read_again_when_what_it_leads_to_is_another()
    {
        await using var backend = await TlsBackend.StartAsync(_authority.IssueFor("db.example"));
        Directory.CreateDirectory(Name("mounted"));
        Put("one", "client-1");
        Put("two", "client-2"); // of the same length, and perhaps of the same time
        Directory.CreateSymbolicLink(Name("mounted/..data"), Name("one"));
        foreach (var file in new[] { "cert.pem", "key.pem", "ca.pem" })
        {
            File.CreateSymbolicLink(Name(file), Name($"mounted/..data/{file}"));
        }

        await using var proxy = await StartAsync(backend, Mutual with { Sni = "db.example" });
        Assert.Equal((HttpStatusCode.OK, "CN=client-1"), await proxy.GetAsync("http://b/"));
        Directory.Delete(Name("mounted/..data"));
        Directory.CreateSymbolicLink(Name("mounted/..data"), Name("two"));
        Assert.Equal((HttpStatusCode.OK, "CN=client-2"), await proxy.GetAsync("http://b/"));

        void Put(string folder, string client)
        {
            Directory.CreateDirectory(Name(folder));
            Show(_authority.IssueFor(client));
            foreach (var file in new[] { "cert.pem", "key.pem", "ca.pem" }) File.Move(Name(file), Name($"{folder}/{file}"));
        }
    }

    public void Dispose() => _folder.Dispose();

    private static async Task HandshakeAsync(TcpListener listener, SslStreamCertificateContext certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        listener.Stop();
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = certificate });
            await tls.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // refused, as it should be
        }
    }

    private UpstreamTlsModel Mutual => new()
    {
        Mode = UpstreamTlsMode.Simple,
        CertificateFile = Name("cert.pem"),
        PrivateKeyFile = Name("key.pem"),
        RootsFile = Name("ca.pem"),
    };

    private static Task FailedToConnectAsync(TestProxy proxy) =>
        proxy.CountedAsync(1, 503, ResponseFlags.UpstreamConnectFailure);

    private string Name(string file) => Path.Combine(_folder.Path, file);

    private void Show(X509Certificate2 certificate)
    {
        File.WriteAllText(Name("key.pem"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Name("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Name("ca.pem"), _authority.RootPem);
    }

    private static Task<TestProxy> StartAsync(TlsBackend backend, UpstreamTlsModel tls, string credentials = "") =>
        TestProxy.StartAsync(Model(backend, tls), configure: options => options.CredentialsDirectory = credentials);

    // One request to a connection, so that each makes a handshake.
    private static ProxyModel Model(TlsBackend backend, UpstreamTlsModel tls) => Models.Outbound(
        Models.Table(Models.To("c")),
        Models.Cluster("c", backend.Port) with { Tls = tls, Connection = new() { MaxRequests = 1 } });
}
