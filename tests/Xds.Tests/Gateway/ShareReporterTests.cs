using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Gateway.Status;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>
/// Streams come, go, change and are raised in any order while calls fail before or after they are carried out and the grain
/// is lost: it never believes more than is so, and in the end it knows what is so.
/// </summary>
public sealed class ShareReporterTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly string[] TypeUrls = ["cds", "eds", "rds"];
    private static readonly string[] Nodes = ["a", "b", "c"];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_the_grain_believes_is_true_at_any_time_and_complete_in_the_end(int part)
    {
        for (var seed = part * 500; seed < (part + 1) * 500; seed++)
        {
            var walk = new Walk(seed);
            for (var step = 0; step < 60; step++)
            {
                await walk.StepAsync();
                walk.AssertNothingIsClaimedTooEarly(seed);
            }

            await walk.CalmAsync();
            walk.AssertAllIsKnown(seed);
        }
    }

    [Fact]
    public async Task A_raise_that_leaves_the_older_stream_of_a_node_behind_says_nothing_wrong_of_the_newer()
    {
        var walk = new Walk(0);
        var older = walk.Open("a");
        var newer = walk.Open("a");
        walk.Settle(older);
        walk.Settle(newer);
        await walk.TellAsync(Failing.Not);

        walk.Change(raises: stream => stream == newer);
        await walk.TellAsync(Failing.Not);

        Assert.Equal(walk.Revision, Assert.Single(walk.Grain.View()).Types.Min(t => t.Revision));
        walk.Close(newer);
        await walk.CalmAsync();
        Assert.Equal(walk.Revision - 1, Assert.Single(walk.Grain.View()).Types.Min(t => t.Revision));
    }

    [Fact]
    public async Task A_stream_that_another_gateway_took_over_and_gave_up_is_shown_again()
    {
        var walk = new Walk(0);
        walk.Settle(walk.Open("a"));
        await walk.TellAsync(Failing.Not);
        var other = new StreamNews(
            "a", Start.AddHours(1), walk.Connection with { Gateway = "other" }, [], 0, IsClosed: false, SpiffeId: walk.Connection.SpiffeId);

        await walk.Grain.TellAsync("other", [other], CancellationToken.None);
        await walk.Grain.TellAsync("other", [other with { IsClosed = true }], CancellationToken.None);
        Assert.False(Assert.Single(walk.Grain.View()).Connected);
        await walk.CalmAsync();

        walk.AssertAllIsKnown();
    }

    [Fact]
    public async Task A_share_that_comes_to_a_revision_in_parts_is_told_in_one_word_and_the_names_of_the_rest()
    {
        var walk = new Walk(0);
        foreach (var node in Nodes) walk.Settle(walk.Open(node));
        await walk.TellAsync(Failing.Not);

        walk.Change(raises: stream => stream.NodeId != "b");
        await walk.TellAsync(Failing.Not);

        var views = walk.Grain.View().ToDictionary(v => v.NodeId, v => v.Types.Min(t => t.Revision));
        Assert.Equal((2, 1, 2), (views["a"], views["b"], views["c"]));
        Assert.Equal("b", ProxyKey.Parse(Assert.Single(Assert.Single(walk.Grain.Raises))).NodeId);
    }

    [Fact]
    public async Task A_type_that_is_no_longer_subscribed_is_no_longer_shown_and_keeps_nothing_from_being_raised()
    {
        var walk = new Walk(0);
        var stream = walk.Open("a");
        walk.Settle(stream);
        await walk.TellAsync(Failing.Not);

        walk.Settle(stream, TypeUrls[..2]);
        walk.Change(raises: _ => true);
        await walk.TellAsync(Failing.Not);

        var view = Assert.Single(walk.Grain.View());
        Assert.Equal(["cds", "eds"], view.Types.Select(t => t.TypeUrl));
        Assert.All(view.Types, t => Assert.Equal(walk.Revision, t.Revision));
    }

    /// <summary>What becomes of the calls of one round.</summary>
    private enum Failing
    {
        Not,
        Before,
        After,
    }

    /// <summary>One gateway with its streams, one grain, and what is done to them.</summary>
    private sealed class Walk : IReportQueue
    {
        private readonly Random _random;
        private readonly ManualTimeProvider _clock = new(Start);
        private readonly ShareReporter _reporter;
        private readonly List<ReportedStream> _open = [];
        private readonly List<ReportedStream> _queue = [];
        private readonly Dictionary<(string Node, DateTimeOffset At, string Type), long> _reached = [];
        private readonly Dictionary<ReportedStream, ImmutableArray<StreamReport>> _reports = [];
        private bool _isRaised;
        private long _ordinal = 1;

        public Walk(int seed)
        {
            _random = new Random(seed);
            _reporter = new ShareReporter("share", "gateway", new OneGrain(Grain));
        }

        public ShareGrain Grain { get; } = new();

        public ProxyConnection Connection { get; } = new(
            "gateway", "", "app", "", ImmutableDictionary<string, string>.Empty, "test");

        public long Revision { get; private set; } = 1;

        public void Queue(ReportedStream stream) => _queue.Add(stream);

        public void Raised() => _isRaised = true;

        public ReportedStream Open(string node)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            var stream = new ReportedStream(node, Connection, _clock.GetUtcNow(), _clock, this);
            _open.Add(stream);
            Look(stream, [.. TypeUrls.Select(t => Report(t, SubscriptionState.Pending))]);
            return stream;
        }

        public void Close(ReportedStream stream)
        {
            _open.Remove(stream);
            stream.Close();
        }

        /// <summary>The client has acknowledged all there is of some types, and subscribes to no others.</summary>
        public void Settle(ReportedStream stream, params string[] types) =>
            Look(stream, [.. (types is [] ? TypeUrls : types).Select(t => Report(t, SubscriptionState.Synced))]);

        /// <summary>A revision that changes nothing; streams that are not raised have not heard of it yet.</summary>
        public void Change(Func<ReportedStream, bool> raises)
        {
            var from = Revision++;
            _ordinal++;
            var state = new ScopeState(new PushPicture(null!, null!, Revision, 0, _ordinal), null, Revision);
            foreach (var stream in _open.Where(raises).ToList())
            {
                if (stream.Raise(from, state)) Reach(stream);
                else Look(stream, [.. _reports[stream].Select(r => r with { Revision = r.Revision is null ? null : Revision })]);
            }
        }

        public async Task StepAsync()
        {
            switch (_random.Next(8))
            {
                case 0 when _open.Count < 6:
                    Open(Nodes[_random.Next(Nodes.Length)]);
                    break;
                case 1 when _open.Count > 0 && _random.Next(2) == 0:
                    Close(Any());
                    break;
                case 2 when _open.Count > 0:
                    Settle(Any(), [.. TypeUrls.Where(_ => _random.Next(5) > 0)]);
                    break;
                case 3 when _open.Count > 0:
                    Look(Any(), [.. TypeUrls.Select(t => Report(t, (SubscriptionState)_random.Next(3)))]);
                    break;
                case 4:
                    var share = _random.Next(4);
                    Change(raises: _ => _random.Next(3) < share);
                    break;
                case 5 when _random.Next(4) == 0:
                    Grain.Lose();
                    break;
                default:
                    await TellAsync((Failing)(_random.Next(6) switch { 0 => 1, 1 => 2, _ => 0 }));
                    break;
            }
        }

        /// <summary>One round of the reporter's loop.</summary>
        public async Task TellAsync(Failing failing, bool isCheck = false)
        {
            Grain.Failing = failing;
            var isRaised = _isRaised;
            _isRaised = false;
            foreach (var stream in _queue.ToList())
            {
                _queue.Remove(stream);
                stream.Dequeued();
                _reporter.Add(stream);
            }

            try
            {
                if (isRaised) await _reporter.RaiseAsync(CancellationToken.None);
                if (isCheck) await _reporter.CheckAsync(CancellationToken.None);
                else if (_reporter.IsBehind) await _reporter.TellAsync(CancellationToken.None);
            }
            catch (TimeoutException)
            {
                // The next round tries again.
            }
        }

        public async Task CalmAsync()
        {
            for (var round = 0; round < 5; round++) await TellAsync(Failing.Not, isCheck: round > 0);
        }

        public void AssertNothingIsClaimedTooEarly(int seed)
        {
            foreach (var (node, openedAt, type) in Grain.Claims())
            {
                Assert.True(
                    type.State is not SubscriptionState.Synced
                        || _reached.GetValueOrDefault((node, openedAt, type.TypeUrl)) >= type.Revision,
                    $"seed {seed}: {type.TypeUrl} of {node} is called live at {type.Revision}");
            }
        }

        public void AssertAllIsKnown(int seed = 0)
        {
            var views = Grain.View().ToDictionary(v => v.NodeId);
            foreach (var node in Nodes)
            {
                var newest = _open.Where(s => s.NodeId == node).MaxBy(s => s.OpenedAt);
                Assert.True(
                    newest is not null == (views.GetValueOrDefault(node)?.Connected ?? false),
                    $"seed {seed}: whether {node} is connected");
                if (newest is not null) Assert.Equal(newest.View().Types.AsEnumerable(), views[node].Types);
            }
        }

        private ReportedStream Any() => _open[_random.Next(_open.Count)];

        private void Look(ReportedStream stream, ImmutableArray<StreamReport> reports)
        {
            _reports[stream] = reports;
            stream.Update(reports, _ordinal);
            Reach(stream);
        }

        private void Reach(ReportedStream stream)
        {
            foreach (var type in stream.Types)
            {
                var key = (stream.NodeId, stream.OpenedAt, type.TypeUrl);
                _reached[key] = Math.Max(_reached.GetValueOrDefault(key), type.Revision);
            }
        }

        private StreamReport Report(string type, SubscriptionState state) => new(
            type, state, "v", "v", state is SubscriptionState.Synced ? Revision : null, state is SubscriptionState.Nacked ? "no" : "");
    }

    /// <summary>The grain's own rules, without an engine.</summary>
    private sealed class ShareGrain : IProxySubscriptionGrain
    {
        private readonly SortedDictionary<string, ProxySubscription> _proxies = new(StringComparer.Ordinal);
        private bool _isFirst = true;

        public Failing Failing { get; set; }

        /// <summary>Whom each raise left out.</summary>
        public List<ImmutableArray<string>> Raises { get; } = [];

        public void Lose()
        {
            _isFirst = true;
            _proxies.Clear();
        }

        public ImmutableArray<ProxyView> View() =>
            [.. _proxies.Select(p => ProxySubscriptionMachine.View(p.Key, p.Value))];

        public IEnumerable<(string Node, DateTimeOffset OpenedAt, SubscriptionReport Type)> Claims() =>
            from proxy in _proxies
            from type in proxy.Value.Standing
            select (ProxyKey.Parse(proxy.Key).NodeId, proxy.Value.OpenedAt, type);

        public Task<SubscriptionAnswer> TellAsync(
            string gateway, ImmutableArray<StreamNews> news, CancellationToken cancellationToken) => Call(isFirst =>
        {
            var standings = new List<StreamStanding>();
            foreach (var one in news)
            {
                var key = new ProxyKey(one.SpiffeId!, one.NodeId).ToString();
                var (next, standing) = ProxySubscriptionMachine.Apply(_proxies.GetValueOrDefault(key), gateway, one, Start);
                standings.Add(standing);
                if (next is not null) _proxies[key] = next;
            }

            var state = new ProxySubscriptionState { Proxies = _proxies.ToImmutableDictionary() };
            return new SubscriptionAnswer(isFirst, [.. standings], ProxySubscriptionMachine.HeldBy(state, gateway));
        });

        public Task<RaiseAnswer> RaiseAsync(
            string gateway, long from, long to, ImmutableArray<string> except, CancellationToken cancellationToken) => Call(isFirst =>
        {
            Raises.Add(except);
            var raised = 0;
            foreach (var (node, proxy) in _proxies.Where(p => !except.Contains(p.Key)).ToList())
            {
                _proxies[node] = ProxySubscriptionMachine.Raise(proxy, gateway, from, to);
                if (!ReferenceEquals(_proxies[node], proxy)) raised++;
            }

            return new RaiseAnswer(isFirst, raised);
        });

        public Task<ImmutableArray<ProxyView>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<TrustStanding> FindTrustAsync(long sequence, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        private Task<T> Call<T>(Func<bool, T> carryOut)
        {
            if (Failing is Failing.Before) throw new TimeoutException("before");
            var isFirst = _isFirst;
            _isFirst = false;
            var answer = carryOut(isFirst);
            if (Failing is Failing.After) throw new TimeoutException("after");
            return Task.FromResult(answer);
        }
    }

    private sealed class OneGrain(ShareGrain grain) : IGrainFactory
    {
        public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
            where TGrainInterface : IGrainWithStringKey => (TGrainInterface)(object)grain;
    }
}
