using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane.Edge;

/// <summary>Connections of bytes behind a gateway's TLS that are open when who may come changes.</summary>
public sealed class EdgeRelayTests : IAsyncLifetime
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private readonly TestAuthority _mesh = new();
    private TcpBackend _backend = null!;
    private X509Certificate2 _own = null!;
    private X509Certificate2 _leaf = null!;
    private EdgeGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        (_own, _leaf) = (_mesh.Issue(_mesh.IdOf("gateway")), _mesh.Issue(_mesh.IdOf("client")));
        _backend = Backend();
        _gateway = await EdgeGateway.StartAsync(IdentityBy(_mesh.Bundle));
        await ApplyAsync(Chain(MeshTls));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        _own.Dispose();
        _leaf.Dispose();
    }

    [Fact]
    public async Task One_of_a_client_whose_certificate_is_revoked_is_ended()
    {
        await using var client = await ConnectAsync(_leaf);

        _gateway.State.SetIdentity(IdentityBy(_mesh.Revoking(_leaf)));

        await EndedAsync(client);
        Assert.Contains(_gateway.Log, line => line.Contains("trusted no longer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_whose_client_has_ended_its_direction_is_ended_at_both_ends()
    {
        await using var client = await ConnectAsync(_leaf);
        await client.ShutdownAsync();
        await Sidecar.Eventually.HoldsAsync("the end has come to the server", () => _backend.Ended == 1);

        _gateway.State.SetIdentity(IdentityBy(_mesh.Revoking(_leaf)));

        await Sidecar.Eventually.HoldsAsync("the connection is over", () => _gateway.InFlight == 0);
    }

    [Fact]
    public async Task One_of_a_root_that_is_believed_no_longer_is_ended()
    {
        await using var client = await ConnectAsync(_leaf);

        _gateway.State.SetIdentity(IdentityBy(new TestAuthority().Bundle));

        await EndedAsync(client);
    }

    [Fact]
    public async Task One_that_policy_does_not_allow_any_more_is_ended()
    {
        await using var client = await ConnectAsync(_leaf);
        await ApplyAsync(Chain(MeshTls) with { Relay = RelayModel.Default with { IdleTimeout = TimeSpan.FromHours(2) } });
        await client.WriteAsync("y"u8.ToArray());
        Assert.Equal("Y", await ReadAsync(client, 1));

        await ApplyAsync(Chain(MeshTls) with
        {
            Authorization = Models.Rules(AuthorizationAction.Deny, new RequestRule.Always()),
        });

        await EndedAsync(client);
    }

    [Fact]
    public async Task One_of_a_client_that_the_server_takes_no_longer_is_ended()
    {
        await using var client = await ConnectAsync(_leaf);

        await ApplyAsync(Chain(MeshTls with { Key = "other", AllowedNames = [_mesh.IdOf("another")] }));

        await EndedAsync(client);
    }

    private static TcpBackend Backend() => new("hello ") { StaysOpen = true };

    private static EdgeTlsModel MeshTls =>
        new() { Key = "mesh", IsMesh = true, Demand = ClientCertificateDemand.Required };

    private static EdgeChainModel Chain(EdgeTlsModel tls) =>
        new() { Name = "bytes", IsTls = true, Tls = tls, Clusters = WeightedChoice.Of("b") };

    private Task ApplyAsync(EdgeChainModel chain) =>
        _gateway.ApplyAsync([Models.Cluster("b", _backend.Port)], EdgeGateway.Listener("tls", chain));

    private TlsIdentity IdentityBy(TrustBundle bundle) => TlsIdentity.Create(_own, [], [bundle]);

    private async Task<SslStream> ConnectAsync(X509Certificate2 certificate)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, _gateway.PortOf("tls"));
        var client = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "a.example",
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate,
            ClientCertificates = [certificate],
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
        });
        await client.WriteAsync("x"u8.ToArray());
        Assert.Equal("hello X", await ReadAsync(client, 7));
        return client;
    }

    private static async Task<string> ReadAsync(SslStream client, int length)
    {
        var buffer = new byte[length];
        using var limit = new CancellationTokenSource(_patience);
        await client.ReadExactlyAsync(buffer, limit.Token);
        return Encoding.ASCII.GetString(buffer);
    }

    private async Task EndedAsync(SslStream client)
    {
        using var limit = new CancellationTokenSource(_patience);
        try
        {
            Assert.Equal(0, await client.ReadAsync(new byte[1], limit.Token));
        }
        catch (IOException)
        {
            // a reset is an end too
        }

        await Sidecar.Eventually.HoldsAsync("the connection is over", () => _gateway.InFlight == 0);
    }
}
