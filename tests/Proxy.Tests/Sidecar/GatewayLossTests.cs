using System.Net;
using System.Net.Sockets;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>A list of gateways, of which one after the other is lost in all the ways there are.</summary>
public sealed class GatewayLossTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5); // how long a sidecar may be without a stream
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(60);
    private readonly TestAuthority _authority = new(TimeProvider.System);
    private FakeControlPlane _one = null!;
    private FakeControlPlane _other = null!;

    public async Task InitializeAsync()
    {
        _one = await FakeControlPlane.StartAsync(_authority);
        _other = await FakeControlPlane.StartAsync(_authority);
        foreach (var plane in new[] { _one, _other })
        {
            plane.Put(MeshResources.Mesh(8080));
            plane.Put(TypeUrls.Secret, "ROOTCA", new Secret
            {
                Name = "ROOTCA",
                ValidationContext = new() { TrustedCa = new() { InlineString = _authority.RootPem } },
            });
        }
    }

    public async Task DisposeAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_killed_gateway_is_followed_by_the_next_within_seconds()
    {
        await using var sidecar = new SidecarLoops(Token(), _one.Address, _other.Address);
        await sidecar.ConnectsToAsync(_one.Address, Start);

        await _one.DisposeAsync();

        await sidecar.ConnectsToAsync(_other.Address, Limit);
    }

    [Fact]
    public async Task A_stream_that_a_gateway_ends_is_opened_at_the_next_and_nothing_that_is_held_comes_again()
    {
        await using var sidecar = new SidecarLoops(Token(), _one.Address, _other.Address);
        await sidecar.ConnectsToAsync(_one.Address, Start);
        await Eventually.HoldsAsync("a model", () => sidecar.Models.Model is not null);
        await Eventually.HoldsAsync("roots, too", () => _one.ResourcesSent == 6);
        var former = sidecar.Models.Model;

        _one.EndStream();

        await sidecar.ConnectsToAsync(_other.Address, Limit);
        await _other.NextAsync("its acknowledgement of the roots", IsAckOfSecrets);
        Assert.Equal(0, _other.ResourcesSent);
        Assert.Same(former!.Clusters[MeshResources.Catalog], sidecar.Models.Model!.Clusters[MeshResources.Catalog]);
    }

    [Fact]
    public async Task A_gateway_that_refuses_with_a_hint_is_not_tried_again_before_it()
    {
        _one.Refusal = new GrpcStatus(GrpcStatusCode.ResourceExhausted, "too many") { RetryAfter = Start };
        await using var sidecar = new SidecarLoops(Token(), _one.Address, _other.Address);
        await sidecar.ConnectsToAsync(_other.Address, Start);
        await Eventually.HoldsAsync("a stream", () => _other.Streams == 1);

        _other.EndStream();
        await Eventually.HoldsAsync("a second stream to the other", () => _other.Streams == 2);

        Assert.Equal(1, _one.Streams);
    }

    [Fact]
    public async Task Roots_that_something_else_has_changed_are_asked_for_anew()
    {
        await using var sidecar = new SidecarLoops(Token(), _one.Address, _other.Address);
        await _one.NextAsync("its acknowledgement of the roots", IsAckOfSecrets);
        using var second = new TestAuthority(TimeProvider.System);
        var bundle = _authority.Bundle with { RootsPem = [_authority.RootPem, second.RootPem] };
        Assert.Null(Trust.TryCreate(_authority.Domain, [bundle], out var trust));
        sidecar.Identity.Offer(trust!);

        _one.EndStream();

        var asked = await _other.NextAsync(
            "its subscription to secrets", r => r.TypeUrl == TypeUrls.Secret && r.ResourceNamesSubscribe.Count > 0);
        Assert.Empty(asked.InitialResourceVersions);
        await Eventually.HoldsAsync("the mesh's roots", () => sidecar.Identity.Current.Trust!.OwnRoots.Count == 1);
    }

    [Fact]
    public async Task A_frozen_gateway_is_noticed_and_left()
    {
        await using var relay = new Relay(_one.Address);
        await using var sidecar = new SidecarLoops(Token(), relay.Address, _other.Address);
        await sidecar.ConnectsToAsync(relay.Address, Start);

        relay.Freeze();

        await sidecar.ConnectsToAsync(_other.Address, Limit + Limit); // to notice it, and to connect
    }

    [Fact]
    public async Task A_quiet_stream_lives_on_pings()
    {
        await using var relay = new Relay(_one.Address);
        await using var sidecar = new SidecarLoops(Token(), relay.Address, _other.Address);
        await sidecar.ConnectsToAsync(relay.Address, Start);
        await _one.NextAsync("its acknowledgement of the roots", IsAckOfSecrets);
        var (before, connections) = (relay.Answers, relay.Accepted);

        await Eventually.HoldsAsync("answer to four pings", () => relay.Answers >= before + 4);

        Assert.Equal(relay.Address.ToString(), sidecar.Models.Status.Gateway);
        Assert.Equal(connections, relay.Accepted);
    }

    [Fact]
    public async Task Gateways_that_accept_and_never_answer_hold_up_neither_the_first_certificate_nor_the_stream()
    {
        await using var frozen = new Relay(_one.Address, isFrozen: true);
        await using var sidecar = new SidecarLoops(Token(), frozen.Address, _other.Address);

        await sidecar.ConnectsToAsync(_other.Address, Limit + Limit); // first the certificate, then the stream

        Assert.Equal(["token"], _other.Signed);
    }

    [Fact]
    public async Task A_gateway_that_takes_up_no_stream_is_left()
    {
        _one.IsSilent = true;
        await using var sidecar = new SidecarLoops(Token(), _one.Address, _other.Address);
        await Eventually.HoldsAsync("a certificate", () => sidecar.Identity.Current.Svid is not null);

        await sidecar.ConnectsToAsync(_other.Address, Limit);
    }

    [Fact]
    public async Task A_gateway_that_takes_its_time_to_translate_is_not_left()
    {
        _one.IsSlow = true;
        await using var relay = new Relay(_one.Address);
        await using var sidecar = new SidecarLoops(Token(), relay.Address, _other.Address);
        await _one.NextAsync("its first request", r => r.TypeUrl == TypeUrls.Cluster);
        var before = relay.Answers;
        await Eventually.HoldsAsync("answer to three pings", () => relay.Answers >= before + 4); // they take over 4 s

        _one.Push(TypeUrls.Cluster, MeshResources.Mesh(8080)[TypeUrls.Cluster]);

        await sidecar.ConnectsToAsync(relay.Address, Start);
        Assert.Equal(0, _other.Streams);
    }

    [Fact]
    public async Task While_all_are_away_the_traffic_goes_on_and_the_first_that_is_back_is_found()
    {
        await using var sidecar = new SidecarLoops(Token(), _one.Address, Closed());
        await sidecar.ConnectsToAsync(_one.Address, Start);
        await Eventually.HoldsAsync("a model", () => sidecar.Models.Model is not null);
        var port = _one.Address.Port;

        await _one.DisposeAsync();
        await Eventually.HoldsAsync("a round of failures", () => sidecar.Log.Texts(LogLevel.Warning).Count() >= 2);
        Assert.NotNull(sidecar.Models.Model);
        _one = await FakeControlPlane.StartAsync(_authority, port: port);
        _one.Put(MeshResources.Mesh(8080));

        await sidecar.ConnectsToAsync(_one.Address, Start);
    }

    private static bool IsAckOfSecrets(DeltaDiscoveryRequest request) =>
        request.TypeUrl == TypeUrls.Secret && request.ResponseNonce.Length > 0;

    private static HostPort Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new HostPort("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
    }

    private string Token() => _one.NewToken().Reveal();
}
