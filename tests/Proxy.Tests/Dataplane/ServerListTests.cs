using System.Net;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Edge;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>What is open to a server outside of the mesh when a file comes to name its certificate (caCrl).</summary>
public sealed class ServerListTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private readonly TemporaryFolder _folder = new();
    private readonly EdgeAuthority _authority = new();
    private readonly X509Certificate2 _server;
    private readonly X509Certificate2 _other;
    private readonly X509Certificate2 _gone;

    public ServerListTests()
    {
        (_server, _other, _gone) =
            (_authority.Issue("db.example"), _authority.Issue("db.example"), _authority.Issue("gone.example"));
        File.WriteAllText(Name("ca.pem"), _authority.Root.ExportCertificatePem());
        Revoke(_gone);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _server.Dispose();
        _other.Dispose();
        _gone.Dispose();
    }

    [Theory]
    [InlineData(UpstreamProtocol.Http1)]
    [InlineData(UpstreamProtocol.Http2)]
    public async Task A_request_under_way_ends(UpstreamProtocol protocol)
    {
        await using var backend = await TlsBackend.StartAsync(_server, wantsClient: false);
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        backend.Before = () =>
        {
            arrived.TrySetResult();
            return release.Task;
        };
        await using var proxy = await TestProxy.StartAsync(Requests(backend, Tls, protocol));

        var call = proxy.GetAsync("http://b/");
        await arrived.Task.WaitAsync(_patience);
        Revoke(_gone, _server);
        var (status, _) = await call.WaitAsync(_patience); // while the server still works on it
        release.SetResult();

        Assert.NotEqual(HttpStatusCode.OK, status);
        await Sidecar.Eventually.HoldsAsync(
            "line that names the revoked certificate", // the client may be told first
            () => proxy.Log.Any(line => line.Contains("CN=db.example is revoked", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_request_under_way_ends_when_the_configuration_names_another_file()
    {
        await using var backend = await TlsBackend.StartAsync(_server, wantsClient: false);
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        backend.Before = () =>
        {
            arrived.TrySetResult();
            return release.Task;
        };
        await using var proxy = await TestProxy.StartAsync(Requests(backend, Tls with { RevokedFile = "" }));

        var call = proxy.GetAsync("http://b/");
        await arrived.Task.WaitAsync(_patience);
        Revoke(_server);
        proxy.State.Apply(Requests(backend, Tls));
        var (status, _) = await call.WaitAsync(_patience);
        release.SetResult();

        Assert.NotEqual(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task A_connection_of_bytes_ends_and_one_to_another_server_goes_on()
    {
        await using var backend = new TcpBackend("hello ", _server);
        await using var proxy = await TestProxy.StartAsync(Bytes(backend));
        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306", early: "x");
        Assert.Equal("hello X", await tunnel.ReadAsync(7));
        await using var another = new TcpBackend("other ", _other);
        await using var beside = await TestProxy.StartAsync(Bytes(another));
        using var stays = await TunnelClient.ConnectAsync(beside, "db:3306", early: "y");
        Assert.Equal("other Y", await stays.ReadAsync(7));

        Revoke(_server);

        Assert.Equal("", await tunnel.ReadToEndAsync());
        await stays.WriteAsync("z");
        Assert.Equal("Z", await stays.ReadAsync(1));
    }

    [Fact]
    public async Task A_connection_whose_sender_has_ended_its_direction_ends()
    {
        await using var backend = new TcpBackend("hello ", _server) { StaysOpen = true };
        await using var proxy = await TestProxy.StartAsync(Bytes(backend));
        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306", early: "x");
        Assert.Equal("hello X", await tunnel.ReadAsync(7));
        tunnel.EndSending();

        Revoke(_server);

        Assert.Equal("", await tunnel.ReadToEndAsync());
    }

    [Theory]
    [InlineData("no list")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_file_that_cannot_be_read_ends_nothing_and_the_former_one_counts(string? broken)
    {
        await using var backend = new TcpBackend("hello ", _server);
        await using var proxy = await TestProxy.StartAsync(Bytes(backend));
        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306", early: "x");
        Assert.Equal("hello X", await tunnel.ReadAsync(7));

        if (broken is null) File.Delete(Name("crl.pem"));
        else File.WriteAllText(Name("crl.pem"), broken);
        await Eventually.HoldsAsync(
            "the fault is told", () => proxy.Log.Any(line => line.Contains("the former one stays in use", StringComparison.Ordinal)));
        await tunnel.WriteAsync("y");
        Assert.Equal("Y", await tunnel.ReadAsync(1));
        using var fresh = await TunnelClient.ConnectAsync(proxy, "db:3306", early: "z");
        Assert.Equal("hello Z", await fresh.ReadAsync(7));

        Revoke(_server);

        Assert.Equal("", await tunnel.ReadToEndAsync());
        Assert.Equal("", await fresh.ReadToEndAsync());
    }

    [Fact]
    public async Task A_file_that_could_never_be_read_lets_nobody_be_called()
    {
        await using var backend = await TlsBackend.StartAsync(_server, wantsClient: false);
        File.WriteAllText(Name("crl.pem"), "no list");
        await using var proxy = await TestProxy.StartAsync(Requests(backend, Tls));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.GetAsync("http://b/")).Status);
        Revoke(_gone);
        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync("http://b/")).Status);
    }

    private UpstreamTlsModel Tls => new()
    {
        Mode = UpstreamTlsMode.Simple, Sni = "db.example", RootsFile = Name("ca.pem"), RevokedFile = Name("crl.pem"),
    };

    private string Name(string file) => Path.Combine(_folder.Path, file);

    private void Revoke(params X509Certificate2[] certificates) =>
        File.WriteAllText(Name("crl.pem"), _authority.Revoke(certificates));

    private static ProxyModel Requests(TlsBackend backend, UpstreamTlsModel tls, UpstreamProtocol protocol = UpstreamProtocol.Http1) =>
        Models.Outbound(
            Models.Table(Models.To("c")), Models.Cluster("c", backend.Port) with { Tls = tls, Protocol = protocol });

    private ProxyModel Bytes(TcpBackend backend, UpstreamTlsModel? tls = null) =>
        Models.Tcp(Models.Chain("c"), [], Models.Cluster("c", backend.Port) with { Tls = tls ?? Tls });
}
