#if !MESH_ENGINE_ORLEANS
using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Model.Config;
using MeshOrleans.Silo.Manifests;
using MeshOrleans.Silo.Mtls;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace MeshOrleans.Silo.Tests.Mtls;

/// <summary>What is judged and what is changed are the same configuration, where the mesh guards itself.</summary>
public sealed class StrictGateTests
{
    private const string Guard = "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {strictGuard: REFUSE}}";
    private const string Strict = "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: shop}, spec: {mtls: {mode: STRICT}}}";
    private const string Exempt = "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}}}";

    private readonly Grains _grains = new();
    private readonly StrictGate _gate;

    public StrictGateTests() =>
        _gate = new StrictGate(_grains, new CallerBook(_grains, new SnapshotHolder(), new ManualTimeProvider()), NullLogger<StrictGate>.Instance);

    [Fact]
    public async Task A_change_that_another_one_overtakes_is_judged_anew()
    {
        _grains.Documents = [.. Documents(Guard), .. Documents(Exempt)];
        _grains.Overtaking = () => _grains.Documents = Documents(Guard); // somebody deletes the exemption meanwhile

        var (review, result) = await ApplyAsync(Strict);

        Assert.Equal([1L], _grains.Expected); // the first attempt met revision 2
        Assert.Null(result);
        Assert.True(review.IsRefused);
    }

    [Fact]
    public async Task Two_that_are_harmless_each_by_itself_are_not_both_accepted()
    {
        _grains.Documents = [.. Documents(Guard), .. Documents(Exempt)];
        _grains.Overtaking = () => _grains.Documents = [.. Documents(Guard), .. Documents(Exempt), .. Documents(Strict)];

        var (review, result) = await _gate.ApplyAsync(
            new ApplyRequest { Author = "test" }, [], [Read(Exempt)[0].Key], _ => true, CancellationToken.None);

        Assert.Equal([1L], _grains.Expected);
        Assert.Null(result);
        Assert.Equal("PeerAuthentication/shop/default", Assert.Single(review.Refused).Resource);
    }

    [Fact]
    public async Task One_that_is_harmless_still_goes_through()
    {
        _grains.Documents = [.. Documents(Guard), .. Documents(Exempt)];
        _grains.Overtaking = () => { };

        var (review, result) = await ApplyAsync(Strict);

        Assert.Equal([1L, 2], _grains.Expected);
        Assert.IsType<ApplyResult.Accepted>(result);
        Assert.Empty(review.Refused);
    }

    [Fact]
    public async Task Whoever_names_a_revision_has_its_answer_at_once_and_without_the_guard_any_will_do()
    {
        _grains.Documents = [.. Documents(Guard), .. Documents(Exempt)];
        _grains.Overtaking = () => { };
        var (_, named) = await ApplyAsync(Strict, expected: 1);
        Assert.IsType<ApplyResult.Conflict>(named);

        _grains.Documents = [];
        var (review, result) = await ApplyAsync(Strict);

        Assert.Equal([1L, null], _grains.Expected);
        Assert.IsType<ApplyResult.Accepted>(result);
        Assert.Single(review.Refused);
    }

    [Fact]
    public async Task Whoever_names_a_revision_that_is_not_there_yet_is_not_judged_by_an_earlier_one()
    {
        _grains.Documents = [.. Documents(Guard), .. Documents(Exempt)];
        _grains.Overtaking = () => _grains.Documents = Documents(Guard); // as revision 2

        var (_, result) = await ApplyAsync(Strict, expected: 2);

        Assert.IsType<ApplyResult.Conflict>(result);
        Assert.Empty(_grains.Expected);
    }

    [Fact]
    public async Task What_cannot_be_read_is_a_warning_and_under_the_guard_a_failure()
    {
        _grains.Failure = new InvalidOperationException("damaged");
        var (review, result) = await ApplyAsync(Strict);
        _grains.Documents = Documents(Guard);

        Assert.IsType<ApplyResult.Accepted>(result);
        Assert.Equal(("MSH2023", "PeerAuthentication/shop/default"), (Assert.Single(review.Unknown).Code, review.Unknown[0].Resource));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ApplyAsync(Strict));
    }

    [Fact]
    public async Task What_has_nothing_to_do_with_it_asks_nobody()
    {
        var (review, result) = await ApplyAsync("{apiVersion: v1, kind: Service, metadata: {name: cart, namespace: shop}, spec: {ports: [{port: 80}]}}");

        Assert.Same(StrictReview.Nothing, review);
        Assert.IsType<ApplyResult.Accepted>(result);
        Assert.Equal(0, _grains.Questions);
    }

    private Task<(StrictReview Review, ApplyResult? Result)> ApplyAsync(string yaml, long? expected = null)
    {
        var resources = Read(yaml);
        var request = new ApplyRequest { Author = "test", ExpectedRevision = expected };
        return _gate.ApplyAsync(request, resources, [], _ => true, CancellationToken.None);
    }

    private static ImmutableArray<ConfigResource> Read(string yaml)
    {
        var manifest = ManifestReader.Read("", yaml, "shop");
        Assert.Empty(manifest.Violations);
        return [.. manifest.Resources.Select(r => r.Resource)];
    }

    private static ImmutableArray<ConfigDocument> Documents(string yaml) =>
        [.. Read(yaml).Select(r => new ConfigDocument(r.Key.ToString(), ConfigJson.Write(r)))];

    /// <summary>A configuration that moves on once, and a caller of cart in plaintext.</summary>
    private sealed class Grains : IGrainFactory, IMeshConfigGrain, IGatewayDirectoryGrain, IProxySubscriptionGrain, IPlaintextCallersGrain
    {
        private static readonly DateTimeOffset _now = new ManualTimeProvider().GetUtcNow();
        private long _revision = 1;

        public ImmutableArray<ConfigDocument> Documents { get; set; } = [];

        public Action? Overtaking { get; set; }

        public List<long?> Expected { get; } = [];

        public int Questions { get; private set; }

        /// <summary>Thrown by who is asked for callers.</summary>
        public Exception? Failure { get; set; }

        public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
            where TGrainInterface : IGrainWithStringKey => (TGrainInterface)(object)this;

        public Task<ApplyResult> ApplyAsync(ApplyRequest request, CancellationToken cancellationToken)
        {
            Expected.Add(request.ExpectedRevision);
            if (Overtaking is not null)
            {
                Overtaking();
                (Overtaking, _revision) = (null, _revision + 1);
            }

            return Task.FromResult<ApplyResult>(request.ExpectedRevision is { } expected && expected != _revision
                ? new ApplyResult.Conflict(_revision)
                : new ApplyResult.Accepted(_revision + 1, []));
        }

        public Task<long> GetRevisionAsync(CancellationToken cancellationToken) => Task.FromResult(_revision);

        public Task<ImmutableArray<ConfigDocument>> GetDocumentsAsync(CancellationToken cancellationToken) => Task.FromResult(Documents);

        public Task<ImmutableArray<RevisionRecord>> ListRevisionsAsync(long before, int count, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<RevisionRecord?> FindRevisionAsync(long number, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task BeatAsync(GatewayBeat beat, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task LeaveAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        Task<GatewayListing> IGatewayDirectoryGrain.ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult(new GatewayListing([], IsComplete: true));

        public Task<SubscriptionAnswer> TellAsync(string gateway, ImmutableArray<StreamNews> news, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<RaiseAnswer> RaiseAsync(
            string gateway, long from, long to, ImmutableArray<string> except, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        Task<ImmutableArray<ProxyView>> IProxySubscriptionGrain.ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult<ImmutableArray<ProxyView>>([]);

        public Task<TrustStanding> FindTrustAsync(long sequence, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task TellAsync(ImmutableArray<CallerReport> reports, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<int> ForgetAsync(string address, CancellationToken cancellationToken) => throw new NotSupportedException();

        Task<ImmutableArray<CallerReport>> IPlaintextCallersGrain.ListAsync(CancellationToken cancellationToken)
        {
            Questions++;
            if (Failure is not null) throw Failure;
            return Task.FromResult<ImmutableArray<CallerReport>>(
            [
                new CallerReport(
                    "cart-1", "cart-1", "", ImmutableDictionary<string, string>.Empty.Add("app", "cart"), "r1", _now, _now,
                    [new SeenCaller(8080, "10.0.0.9", CallerDemand.Permissive, false, 1, 0, _now, _now)]),
            ]);
        }
    }
}
#endif
