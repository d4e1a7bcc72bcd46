using System.Net;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Peers whose certificate is revoked.</summary>
public sealed class RevocationTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private readonly TestAuthority _authority = new();

    [Fact]
    public async Task A_client_whose_certificate_is_revoked_is_refused_and_named()
    {
        await using var app = await EchoBackend.StartAsync("app");
        using var leaf = _authority.Issue(_authority.IdOf("a"));
        await using var server = await ServerAsync(app, _authority.Revoking(leaf));
        await using var client = await ClientAsync(server, TlsIdentity.Create(leaf, [], [_authority.Bundle]));

        var (status, _) = await client.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 0), (status, app.Calls));
        Assert.Contains(server.Log, line => line.Contains(SerialNumber.Of(leaf), StringComparison.Ordinal)
            && line.Contains("key-compromise", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_whose_certificate_is_revoked_is_called_no_more()
    {
        await using var app = await EchoBackend.StartAsync("app");
        using var leaf = _authority.Issue(_authority.IdOf("b"));
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
            TlsIdentity.Create(leaf, [], [_authority.Bundle]));
        using var own = _authority.Issue(_authority.IdOf("a"));
        await using var client = await ClientAsync(server, TlsIdentity.Create(own, [], [_authority.Bundle]));

        var before = await client.GetAsync("http://b/");
        client.State.SetIdentity(TlsIdentity.Create(own, [], [_authority.Revoking(leaf)]));
        var after = await client.GetAsync("http://b/");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (before.Status, after.Status));
        Assert.Equal(1, app.Calls);
    }

    [Fact]
    public async Task What_is_under_way_for_a_client_whose_certificate_is_revoked_is_ended()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Answer = async (_, _) =>
        {
            arrived.TrySetResult();
            await release.Task;
        };
        using var leaf = _authority.Issue(_authority.IdOf("a"));
        using var own = _authority.Issue(_authority.IdOf("b"));
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
            TlsIdentity.Create(own, [], [_authority.Bundle]));
        await using var client = await ClientAsync(server, TlsIdentity.Create(leaf, [], [_authority.Bundle]));

        var call = client.GetAsync("http://b/");
        await arrived.Task.WaitAsync(_patience);
        server.State.SetIdentity(TlsIdentity.Create(own, [], [_authority.Revoking(leaf)]));
        var (status, _) = await call.WaitAsync(_patience); // while the application still works on it
        release.SetResult();

        Assert.NotEqual(HttpStatusCode.OK, status);
        Assert.Contains(server.Log, line => line.Contains("trusted no longer", StringComparison.Ordinal)
            && line.Contains(SerialNumber.Of(leaf), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Others_go_on_when_a_certificate_is_revoked()
    {
        await using var app = await EchoBackend.StartAsync("app");
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Answer = async (_, _) =>
        {
            arrived.TrySetResult();
            await release.Task;
        };
        using var revoked = _authority.Issue(_authority.IdOf("x"));
        using var own = _authority.Issue(_authority.IdOf("b"));
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
            TlsIdentity.Create(own, [], [_authority.Bundle]));
        await using var client = await ClientAsync(server, _authority.Identity("a"));

        var call = client.GetAsync("http://b/");
        await arrived.Task.WaitAsync(_patience);
        server.State.SetIdentity(TlsIdentity.Create(own, [], [_authority.Revoking(revoked)]));
        release.SetResult();

        Assert.Equal(HttpStatusCode.OK, (await call.WaitAsync(_patience)).Status);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("http://b/")).Status);
    }

    private async Task<TestProxy> ServerAsync(EchoBackend app, TrustBundle bundle) => await TestProxy.StartAsync(
        Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
        TlsIdentity.Create(_authority.Issue(_authority.IdOf("b")), [], [bundle]));

    private Task<TestProxy> ClientAsync(TestProxy server, TlsIdentity identity) => TestProxy.StartAsync(
        Models.Outbound(Models.Table(Models.To("m")), Models.Mesh("m", server.InboundPort, _authority.IdOf("b"))), identity);
}
