using System.Net;
using System.Net.Sockets;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Connections of bytes that are open when the rules change.</summary>
public sealed class OpenRelayTests
{
    private readonly TestAuthority _authority = new();

    [Theory]
    [InlineData("strict")]
    [InlineData("denied")]
    [InlineData("gone")]
    public async Task What_would_not_be_let_in_any_more_is_ended(string change)
    {
        await using var backend = new TcpBackend("hello ");
        var model = Model(backend);
        await using var server = await TestProxy.StartAsync(model, _authority.Identity("b"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.InboundPort);
        Assert.Equal("hello X", await ExchangeAsync(client, "x", 7));

        server.State.Apply(model with { Clusters = model.Clusters }); // the same rules
        Assert.Equal("Y", await ExchangeAsync(client, "y", 1));

        var port = model.Inbound[TestProxy.AppPort];
        server.State.Apply(change switch
        {
            "strict" => model.WithInbound(port with { Mode = InboundTlsMode.Strict }),
            "denied" => model.WithInbound(port with
            {
                Authorization = Models.Rules(AuthorizationAction.Deny, new RequestRule.Always()),
            }),
            _ => ProxyModel.Empty,
        });

        Assert.Equal(0, await ReadAsync(client, new byte[1]));
    }

    [Fact]
    public async Task A_peer_of_a_root_that_is_believed_no_longer_is_ended()
    {
        await using var backend = new TcpBackend("hello ");
        await using var server = await TestProxy.StartAsync(Model(backend), _authority.Identity("b"));
        var tcp = Models.Tcp(Models.Chain("c"), [], Models.Mesh("c", server.InboundPort, _authority.IdOf("b")));
        await using var client = await TestProxy.StartAsync(tcp, _authority.Identity("a"));
        using var tunnel = await TunnelClient.ConnectAsync(client, "db:3306", early: "x");
        Assert.Equal("hello X", await tunnel.ReadAsync(7));

        server.State.SetIdentity(new TestAuthority().Identity("b"));

        Assert.Equal("", await tunnel.ReadToEndAsync());
    }

    private static ProxyModel Model(TcpBackend backend)
    {
        var model = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Permissive, Models.Cluster("app", backend.Port));
        return model.WithInbound(model.Inbound[TestProxy.AppPort] with { IsHttp = false });
    }

    private static async Task<string> ExchangeAsync(TcpClient client, string text, int length)
    {
        await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(text));
        var buffer = new byte[length];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await client.GetStream().ReadExactlyAsync(buffer, limit.Token);
        return System.Text.Encoding.Latin1.GetString(buffer);
    }

    private static async Task<int> ReadAsync(TcpClient client, byte[] buffer)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            return await client.GetStream().ReadAsync(buffer, limit.Token);
        }
        catch (IOException exception) when (exception.InnerException is SocketException)
        {
            return 0; // a reset is an end too
        }
    }
}
