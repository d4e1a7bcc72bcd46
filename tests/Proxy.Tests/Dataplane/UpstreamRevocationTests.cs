using System.Net;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Connections that are open to a server whose certificate is revoked.</summary>
public sealed class UpstreamRevocationTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2 _servers;

    public UpstreamRevocationTests() =>
        (_own, _servers) = (_authority.Issue(_authority.IdOf("a")), _authority.Issue(_authority.IdOf("b")));

    public void Dispose()
    {
        _own.Dispose();
        _servers.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // HTTP/1.1, for its upgrade
    public async Task A_request_under_way_to_it_ends(bool isUpgrade)
    {
        await using var app = await EchoBackend.StartAsync("app");
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Answer = async (_, _) =>
        {
            arrived.TrySetResult();
            await release.Task;
        };
        await using var server = await ServerAsync(Models.Cluster("app", app));
        await using var client = await ClientAsync(Models.Outbound(Models.Table(Models.To("m")), To(server)));
        (string, string)[] headers = isUpgrade ? [("Connection", "Upgrade"), ("Upgrade", "websocket")] : [];

        var call = client.GetAsync("http://b/", headers);
        await arrived.Task.WaitAsync(_patience);
        client.State.SetIdentity(Revoking(_servers));
        var (status, _) = await call.WaitAsync(_patience); // while the application still works on it
        release.SetResult();

        Assert.NotEqual(HttpStatusCode.OK, status);
        Assert.Contains(client.Log, line => line.Contains("trusted no longer", StringComparison.Ordinal)
            && line.Contains(SerialNumber.Of(_servers), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_of_bytes_to_it_ends()
    {
        await using var backend = new TcpBackend("hello ");
        await using var server = await ServerAsync(Models.Cluster("app", backend.Port), isHttp: false);
        await using var client = await ClientAsync(Models.Tcp(Models.Chain("m"), [], To(server)));
        using var tunnel = await TunnelClient.ConnectAsync(client, "db:3306", early: "x");
        Assert.Equal("hello X", await tunnel.ReadAsync(7));

        client.State.SetIdentity(Revoking(_servers));

        Assert.Equal("", await tunnel.ReadToEndAsync());
    }

    [Fact]
    public async Task A_connection_to_somebody_else_goes_on()
    {
        await using var backend = new TcpBackend("hello ");
        await using var server = await ServerAsync(Models.Cluster("app", backend.Port), isHttp: false);
        await using var client = await ClientAsync(Models.Tcp(Models.Chain("m"), [], To(server)));
        using var tunnel = await TunnelClient.ConnectAsync(client, "db:3306", early: "x");
        Assert.Equal("hello X", await tunnel.ReadAsync(7));
        using var other = _authority.Issue(_authority.IdOf("b"));

        client.State.SetIdentity(Revoking(other));
        await tunnel.WriteAsync("y");

        Assert.Equal("Y", await tunnel.ReadAsync(1));
    }

    [Fact]
    public async Task Requests_to_others_go_on_over_the_connections_that_there_are()
    {
        await using var server = await TlsBackend.StartAsync(_servers);
        await using var client = await ClientAsync(Models.Outbound(
            Models.Table(Models.To("m")), Models.Mesh("m", server.Port, _authority.IdOf("b"))));
        X509Certificate2[] others = [_authority.Issue(_authority.IdOf("c")), _authority.Issue(_authority.IdOf("d"))];

        var before = await client.GetAsync("http://b/");
        client.State.SetIdentity(Revoking(others[0]));
        var between = await client.GetAsync("http://b/");
        client.State.SetIdentity(Revoking(others));
        var after = await client.GetAsync("http://b/");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (before.Status, between.Status, after.Status));
        Assert.Single(server.ServerNames); // of one handshake
    }

    private TlsIdentity Revoking(params X509Certificate2[] certificates) =>
        TlsIdentity.Create(_own, [], [_authority.Revoking(certificates)]);

    private ClusterModel To(TestProxy server) => Models.Mesh("m", server.InboundPort, _authority.IdOf("b"));

    private Task<TestProxy> ClientAsync(ProxyModel model) =>
        TestProxy.StartAsync(model, TlsIdentity.Create(_own, [], [_authority.Bundle]));

    private Task<TestProxy> ServerAsync(ClusterModel app, bool isHttp = true)
    {
        var model = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, app);
        return TestProxy.StartAsync(
            model.WithInbound(model.Inbound[TestProxy.AppPort] with { IsHttp = isHttp }),
            TlsIdentity.Create(_servers, [], [_authority.Bundle]));
    }
}
