using Google.Protobuf;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar;
using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Proxy.Sidecar.State;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Patches;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class AdsLoopTests : IAsyncLifetime, IDisposable
{
    private const string NodeId = "sidecar~127.0.0.1~cart-1.shop~shop.svc.cluster.local";
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new(TimeProvider.System);
    private CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private readonly ListLogger<AdsLoop> _log = new();
    private readonly ListLogger<IdentityLoop> _identityLog = new();
    private readonly ListLogger<ModelHolder> _modelLog = new();
    private readonly WorkloadHealth _health = new();
    private readonly DemandBook _demands = new((_, _) => false, (_, _) => false, TimeProvider.System);
    private FakeControlPlane _plane = null!;
    private StateFolder? _state;
    private IdentityHolder _identity = null!;
    private ModelHolder _models = null!;

    public async Task InitializeAsync() => _plane = await FakeControlPlane.StartAsync(_authority);

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var loop in _loops) await loop.ContinueWith(_ => { }, TaskScheduler.Default);
        await _plane.DisposeAsync();
    }

    public void Dispose()
    {
        _models?.Dispose();
        _demands.Dispose();
        _state?.Dispose();
        _stop.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_join_token_leads_to_a_certificate_and_a_whole_model()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());

        await _plane.NextAsync("the subscription to secrets", r => r.TypeUrl == TypeUrls.Secret);
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);

        Assert.Equal(["token"], _plane.Signed);
        Assert.Equal("spiffe://cluster.local/ns/shop/sa/cart", _identity.Current.Id!.ToString());
        Assert.Equal(8080, Assert.Single(_models.Model!.Clusters[MeshResources.Catalog].Endpoints).Port);
        Assert.Equal(80, Assert.Single(_models.Model.Outbound).Key);
        Assert.Equal(TimeSpan.Zero, _models.Status.Age(DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task A_certificate_that_ended_while_nobody_was_there_is_replaced_by_the_token()
    {
        _plane.CertificateLifetime = TimeSpan.FromSeconds(3);
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a certificate", () => _identity.Current.IsValid(DateTimeOffset.UtcNow));
        var port = _plane.Address.Port;
        await _plane.DisposeAsync();
        await Eventually.HoldsAsync("its end", () => !_identity.Current.IsValid(DateTimeOffset.UtcNow));

        await using var back = await FakeControlPlane.StartAsync(_authority, port: port);

        await Eventually.HoldsAsync("another one", () => _identity.Current.IsValid(DateTimeOffset.UtcNow));
        Assert.Equal(["token"], back.Signed);
    }

    [Theory]
    [InlineData(true)] // its token is of no use any more
    [InlineData(false)]
    public async Task A_certificate_that_ended_while_nobody_was_there_is_replaced_by_its_key(bool hasToken)
    {
        _plane.CertificateLifetime = TimeSpan.FromSeconds(3);
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a certificate", () => _identity.Current.IsValid(DateTimeOffset.UtcNow));
        var port = _plane.Address.Port;
        await _plane.DisposeAsync();
        await Eventually.HoldsAsync("its end", () => !_identity.Current.IsValid(DateTimeOffset.UtcNow));
        if (!hasToken) await RestartAsync();

        await using var back = await FakeControlPlane.StartAsync(_authority, port: port);
        back.TakesEnded = true;

        await Eventually.HoldsAsync("another one", () => _identity.Current.IsValid(DateTimeOffset.UtcNow));
        Assert.Equal("ended", back.Signed.Last());
        Assert.Null(_identity.Ended);
    }

    [Fact]
    public async Task Where_an_ended_certificate_does_not_count_that_is_said_and_tried_again()
    {
        _plane.CertificateLifetime = TimeSpan.FromSeconds(3);
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a certificate", () => _identity.Current.IsValid(DateTimeOffset.UtcNow));
        await Eventually.HoldsAsync("the stream", () => _plane.Streams > 0);
        var port = _plane.Address.Port;
        await _plane.DisposeAsync();
        await Eventually.HoldsAsync("its end", () => !_identity.Current.IsValid(DateTimeOffset.UtcNow));
        await RestartAsync();

        await using var back = await FakeControlPlane.StartAsync(_authority, port: port);

        await Eventually.HoldsAsync("the reason", () => _identityLog.Texts(LogLevel.Error).Any(
            t => t.Contains("Certificates that have ended do not count here.", StringComparison.Ordinal)));
        Assert.Empty(back.Signed);
        back.TakesEnded = true;
        await Eventually.HoldsAsync("another one", () => _identity.Current.IsValid(DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task A_token_of_a_former_root_is_good_where_the_present_one_is_known()
    {
        using var former = new TestAuthority(TimeProvider.System);
        await using var before = await FakeControlPlane.StartAsync(former);
        var settings = SettingsReader.Read(
            ["--xds", $"{_plane.Address}", "--node-id", NodeId, "--namespace", "shop", "--service-account", "cart"],
            name => name == "MESH_TOKEN" ? before.NewToken().Reveal() : null,
            "host");
        _state = new StateFolder(_folder.Path);
        var clock = TimeProvider.System;
        _identity = new IdentityHolder(
            settings, new IdentityStore(_state, new ListLogger<IdentityStore>()), clock, new ListLogger<IdentityHolder>());
        var joiner = new Joiner(
            settings, _identity, new TrustBundleClient(clock), new CertificateClient(settings, clock), clock);
        var attempt = new GatewayAttempt(_plane.Address, TimeSpan.FromSeconds(30));

        var unknown = await Assert.ThrowsAsync<IdentityException>(() => joiner.JoinAsync(attempt, CancellationToken.None));
        Assert.Contains("does not have the root that the join token pins", unknown.Message, StringComparison.Ordinal);

        Assert.Null(Trust.TryCreate(_authority.Domain, [_authority.Bundle], out var known));
        _identity.Offer(known!);
        await joiner.JoinAsync(attempt, CancellationToken.None);

        Assert.Equal(["token"], _plane.Signed);
        Assert.True(_identity.Current.IsValid(DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task The_first_request_introduces_the_workload()
    {
        Start(_plane.NewToken().Reveal());

        var first = await _plane.NextAsync("its first request", r => r.TypeUrl == TypeUrls.Cluster);

        Assert.Equal(NodeId, first.Node.Id);
        var fields = first.Node.Metadata.Fields;
        Assert.Equal("cart", fields["SERVICE_ACCOUNT"].StringValue);
        Assert.Equal("v1", fields["LABELS"].StructValue.Fields["version"].StringValue);
        Assert.Equal(
            40001, fields["MESH_WORKLOAD"].StructValue.Fields["inboundPorts"].StructValue.Fields["9000"].NumberValue);
    }

    [Fact]
    public async Task A_refused_response_names_resource_and_field_and_traffic_stays_on_the_former_model()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);
        var former = _models.Model!.Clusters[MeshResources.Catalog];
        var broken = MeshResources.EdsCluster(MeshResources.Catalog);
        broken.LbPolicy = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbPolicy.LoadBalancingPolicyConfig;

        var answer = await _plane.AnswerToAsync(
            _plane.Push(TypeUrls.Cluster, new Dictionary<string, IMessage> { [broken.Name] = broken }));

        Assert.Equal(
            $"Cluster '{MeshResources.Catalog}': lb_policy: LoadBalancingPolicyConfig is not supported",
            answer.ErrorDetail.Message);
        Assert.Same(former, _models.Model.Clusters[MeshResources.Catalog]);
        Assert.Equal(1, _models.Status.Types[TypeUrls.Cluster].Refusals);
        var good = _plane.Push(
            TypeUrls.ClusterLoadAssignment, new Dictionary<string, IMessage> { [MeshResources.Catalog] = MeshResources.Assignment(MeshResources.Catalog, 8081) });
        Assert.Null((await _plane.AnswerToAsync(good)).ErrorDetail);
        Assert.Equal(8081, Assert.Single(_models.Model.Clusters[MeshResources.Catalog].Endpoints).Port);
    }

    [Fact]
    public async Task A_patch_of_what_is_held_is_taken_over_as_the_resource_that_it_makes()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);
        var first = await _plane.NextAsync("its node", r => r.Node is not null);
        Assert.Equal("true", first.Node.Metadata.Fields[ResourcePatches.Metadata].StringValue);

        var answer = await _plane.AnswerToAsync(
            _plane.PushPatch(TypeUrls.ClusterLoadAssignment, MeshResources.Catalog, Ports(8081)));

        Assert.Null(answer.ErrorDetail);
        Assert.Equal(8081, _models.Model!.Clusters[MeshResources.Catalog].Endpoints[0].Port);
        Assert.Empty(answer.ResourceNamesSubscribe);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_patch_that_does_not_fit_is_refused_and_the_resource_asked_for(bool ofAnotherVersion)
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);

        var answer = await _plane.AnswerToAsync(_plane.PushPatch(
            TypeUrls.ClusterLoadAssignment, MeshResources.Catalog, Ports(8081), ofAnotherVersion, spoil: !ofAnotherVersion));

        Assert.Contains("is not what was patched", answer.ErrorDetail.Message, StringComparison.Ordinal);
        Assert.Equal([MeshResources.Catalog], answer.ResourceNamesSubscribe);
        Assert.Equal(8080, Assert.Single(_models.Model!.Clusters[MeshResources.Catalog].Endpoints).Port);
    }

    [Fact]
    public async Task A_patch_of_what_nothing_refers_to_any_more_is_nothing()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);
        var patch = _plane.PushPatch(TypeUrls.ClusterLoadAssignment, "outbound|80||gone.shop.svc.cluster.local", Ports(8081));

        var answer = await _plane.AnswerToAsync(patch);

        Assert.Null(answer.ErrorDetail);
        Assert.Empty(answer.ResourceNamesSubscribe);
    }

    private static MeshOrleans.Xds.Protocol.Endpoint.ClusterLoadAssignment Ports(int first) =>
        MeshResources.Assignment(MeshResources.Catalog, [first, .. Enumerable.Range(9000, 20)]);

    [Fact]
    public async Task A_lost_stream_is_opened_again_with_the_versions_at_hand()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);
        await _plane.NextAsync("its health", r => r.TypeUrl == TypeUrls.HealthInformation);
        var former = _models.Model;

        _plane.EndStream();

        var again = await _plane.NextAsync(
            "a new subscription", r => r.TypeUrl == TypeUrls.Cluster && r.Node is not null);
        Assert.Equal(
            ["PassthroughCluster", MeshResources.Catalog], again.InitialResourceVersions.Keys.Order(StringComparer.Ordinal));
        var endpoints = await _plane.NextAsync(
            "its subscription to endpoints", r =>
                r.TypeUrl == TypeUrls.ClusterLoadAssignment && r.ResourceNamesSubscribe.Count > 0);
        Assert.Equal([MeshResources.Catalog], endpoints.InitialResourceVersions.Keys);
        Assert.Same(former!.Clusters[MeshResources.Catalog], _models.Model!.Clusters[MeshResources.Catalog]);
    }

    [Fact]
    public async Task The_next_gateway_is_tried_when_one_does_not_answer()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal(), "127.0.0.1:1");

        await Eventually.HoldsAsync("a model", () => _models.Model is not null);

        Assert.Contains(
            _identityLog.Texts(LogLevel.Error), t =>
                t.Contains("127.0.0.1:1 does not give its trust bundle", StringComparison.Ordinal));
        Assert.Equal(_plane.Address.ToString(), _models.Status.Gateway);
    }

    [Fact]
    public async Task A_pushed_certificate_for_the_staged_key_is_used_and_the_acknowledgement_carries_the_next_request()
    {
        Start(_plane.NewToken().Reveal());
        var asked = await _plane.NextAsync("its staged request", r => r.TypeUrl == TypeUrls.Secret);
        var former = _identity.Current.Svid!.Leaf.SerialNumber;

        var answer = await _plane.AnswerToAsync(_plane.PushCertificate(asked));

        Assert.Null(answer.ErrorDetail);
        Assert.NotEqual(former, _identity.Current.Svid!.Leaf.SerialNumber);
        Assert.NotEqual(asked.Node.Metadata.Fields["MESH_CSR"], answer.Node.Metadata.Fields["MESH_CSR"]);

        // the key of the first request is in use now
        var second = await _plane.AnswerToAsync(_plane.PushCertificate(asked));
        Assert.Null(second.ErrorDetail);
        using var foreign = StagedKey.Create(null);
        asked.Node.Metadata.Fields["MESH_CSR"] = Google.Protobuf.WellKnownTypes.Value.ForString(
            Convert.ToBase64String(foreign.Request));
        var third = await _plane.AnswerToAsync(_plane.PushCertificate(asked));
        Assert.Contains(
            "neither the staged key nor the one in use", third.ErrorDetail.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewal_beside_the_stream_announces_the_next_request_on_it()
    {
        Start(_plane.NewToken().Reveal());
        var asked = await _plane.NextAsync("its staged request", r => r.TypeUrl == TypeUrls.Secret);

        _identity.Offer(_authority.Sign(_identity.Current.Staged.Request, _plane.Workload));

        var announced = await _plane.NextAsync(
            "its next request", r => r.TypeUrl == TypeUrls.Secret && r.Node is not null && r.ResponseNonce.Length == 0);
        Assert.NotEqual(asked.Node.Metadata.Fields["MESH_CSR"], announced.Node.Metadata.Fields["MESH_CSR"]);
        Assert.Empty(announced.ResourceNamesSubscribe);
    }

    [Fact]
    public async Task A_token_of_another_mesh_is_one_clear_line_and_no_certificate()
    {
        using var foreign = new TestAuthority(TimeProvider.System);
        var token = MeshOrleans.Model.Identity.JoinToken.Create(
            foreign.Root, System.Security.Cryptography.RandomNumberGenerator.Fill);
        Start(token.Reveal());

        await Eventually.HoldsAsync("the log line", () => !_identityLog.Lines.IsEmpty);

        Assert.Contains(
            "does not have the root that the join token pins", _identityLog.Lines.First().Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, _identityLog.Lines.First().Text, StringComparison.Ordinal);
        Assert.Null(_identity.Current.Svid);
        Assert.Empty(_plane.Signed);
    }

    [Fact]
    public async Task A_server_with_another_identity_of_the_same_root_gets_no_token()
    {
        await using var impostor = await FakeControlPlane.StartAsync(
            _authority, "spiffe://cluster.local/ns/shop/sa/admin");
        Start(_plane.NewToken().Reveal(), impostor.Address.ToString(), onlyFirst: true);

        await Eventually.HoldsAsync("the log line", () => !_identityLog.Lines.IsEmpty);

        Assert.Contains(
            "it proves to be spiffe://cluster.local/ns/shop/sa/admin", _identityLog.Lines.First().Text, StringComparison.Ordinal);
        Assert.Empty(impostor.Signed);
    }

    [Fact]
    public async Task A_gateway_that_is_not_synced_changes_nothing()
    {
        _plane.Put(MeshResources.Mesh(8080));
        Start(_plane.NewToken().Reveal());
        await Eventually.HoldsAsync("a model", () => _models.Model is not null);

        _plane.IsSyncing = true;
        _plane.EndStream();
        await Eventually.HoldsAsync(
            "a refused stream", () =>
                _log.Texts(LogLevel.Warning).Any(t => t.Contains("Unavailable", StringComparison.Ordinal)));

        Assert.Equal(80, Assert.Single(_models.Model!.Outbound).Key);
        Assert.Null(_models.Status.Gateway);
    }

    [Fact]
    public async Task Draining_is_told_on_the_open_stream()
    {
        Start(_plane.NewToken().Reveal());
        await _plane.NextAsync("its health", r => r.TypeUrl == TypeUrls.HealthInformation && r.ErrorDetail is null);

        _health.Set(HealthReport.Draining);

        var told = await _plane.NextAsync("that it drains", r => r.TypeUrl == TypeUrls.HealthInformation);
        Assert.Equal("draining", told.ErrorDetail.Message);
    }

    /// <summary>Ends what is running, and starts it with the state it has left and without a token.</summary>
    private async Task RestartAsync()
    {
        await _stop.CancelAsync();
        foreach (var loop in _loops) await loop.ContinueWith(_ => { }, TaskScheduler.Default);
        _loops.Clear();
        _models.Dispose();
        _state!.Dispose();
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        Start(token: null);
        Assert.NotNull(_identity.Ended);
        Assert.Null(_identity.Current.Svid);
    }

    private void Start(string? token, string? gatewayBefore = null, bool onlyFirst = false)
    {
        var gateways =
            onlyFirst ? gatewayBefore! : gatewayBefore is null ? $"{_plane.Address}" : $"{gatewayBefore},{_plane.Address}";
        var order = gateways.Split(',').Select(
            g => HostPort.TryParse(g, out var gateway) ? gateway : throw new ArgumentException(g)).ToArray();
        var settings = SettingsReader.Read(
            ["--xds", gateways, "--node-id", gatewayBefore is null ? NodeId : SidecarLoops.NodeThatTries(order), "--namespace", "shop", "--service-account", "cart", "--workload-name", "cart-1", "--labels", "app=cart,version=v1", "--app-port", "9000"],
            name => name == "MESH_TOKEN" ? token : null,
            "host");
        var surroundings = new Surroundings(TimeProvider.System, new NoChance());
        _state = new StateFolder(_folder.Path);
        _identity = new IdentityHolder(
            settings, new IdentityStore(
                _state, new ListLogger<IdentityStore>()), TimeProvider.System, new ListLogger<IdentityHolder>());
        _identity.Restore();
        _models = new ModelHolder(ProxyModel.Empty, TimeProvider.System, _modelLog);
        var joiner = new Joiner(
            settings, _identity, new TrustBundleClient(TimeProvider.System), new CertificateClient(
                settings, TimeProvider.System), TimeProvider.System);
        var secrets = new SecretKeeper(_identity, new ListLogger<SecretKeeper>());
        var nodes = new NodeFactory(settings, new Dictionary<int, int> { [9000] = 40001 });
        var parts = new AdsParts(_models, _identity, secrets, nodes, _health, _demands, null);
        _loops.Add(new IdentityLoop(settings, _identity, joiner, surroundings, _identityLog).RunAsync(_stop.Token));
        _loops.Add(new AdsLoop(settings, parts, surroundings, _log).RunAsync(_stop.Token));
    }

    /// <summary>Every wait is a hundredth of its step: reconnecting is fast and never a busy loop.</summary>
    private sealed class NoChance : IRandomSource
    {
        public double NextDouble() => 0.01;
    }
}
