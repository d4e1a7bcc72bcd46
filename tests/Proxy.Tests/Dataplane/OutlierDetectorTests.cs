using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class OutlierDetectorTests
{
    private static readonly OutlierModel All = new() { Consecutive5xx = 2, MaxEjectionPercent = 100 };

    [Fact]
    public void Each_ejection_is_longer_by_the_base_and_a_sweep_without_one_forgives_one()
    {
        using var bench = new Bench(All with { BaseEjectionTime = TimeSpan.FromSeconds(30), Interval = TimeSpan.FromSeconds(10) });

        Assert.Equal(30, bench.SecondsOut());
        Assert.Equal(60, bench.SecondsOut());
        Assert.Equal(90, bench.SecondsOut());
        bench.Clock.Advance(TimeSpan.FromSeconds(20)); // two sweeps
        Assert.Equal(60, bench.SecondsOut());
    }

    [Theory]
    [InlineData(200, 300)] // the longest is 300 s
    [InlineData(400, 400)] // unless the base is longer
    public void An_ejection_has_an_end(int @base, int expected)
    {
        using var bench = new Bench(All with { BaseEjectionTime = TimeSpan.FromSeconds(@base), Interval = TimeSpan.FromSeconds(10) });
        bench.SecondsOut();

        Assert.Equal(expected, bench.SecondsOut());
    }

    [Fact]
    public void Only_errors_in_a_row_count()
    {
        using var bench = new Bench(All);

        bench.Answer(500, 200, 500);
        Assert.False(bench.IsOut);
        bench.Answer(500);
        Assert.True(bench.IsOut);
    }

    [Fact]
    public void Gateway_errors_have_a_count_of_their_own()
    {
        using var bench = new Bench(All with { Consecutive5xx = 0, ConsecutiveGatewayErrors = 3 });

        bench.Answer(502, 503, 500, 504, 502);
        Assert.False(bench.IsOut); // 500 is none of them
        bench.Answer(503);
        Assert.True(bench.IsOut);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Failures_without_an_answer_count_as_5xx_unless_they_are_split(bool split, bool expected)
    {
        using var bench = new Bench(All with { SplitLocalOrigin = split, ConsecutiveLocalOriginFailures = 3 });

        bench.Fail(2);
        Assert.Equal(expected, bench.IsOut);
        bench.Fail(1);
        Assert.True(bench.IsOut);
    }

    [Fact]
    public void With_the_split_an_answer_of_any_kind_ends_a_row_of_failures()
    {
        using var bench = new Bench(All with { SplitLocalOrigin = true, ConsecutiveLocalOriginFailures = 2 });

        bench.Fail(1);
        bench.Answer(500);
        bench.Fail(1);

        Assert.False(bench.IsOut);
    }

    [Fact]
    public void Named_statuses_are_the_errors_and_others_are_not()
    {
        using var bench = new Bench(All with { ErrorStatuses = [429] });

        bench.Answer(500, 500, 500);
        Assert.False(bench.IsOut);
        bench.Answer(429, 429);
        Assert.True(bench.IsOut);
    }

    [Fact]
    public void No_answer_is_an_error_whatever_statuses_are_named()
    {
        using var bench = new Bench(All with { ErrorStatuses = [429] });

        bench.Answer(429);
        bench.Fail(1);

        Assert.True(bench.IsOut);
    }

    [Fact]
    public void Zero_switches_a_count_off()
    {
        using var bench = new Bench(All with { Consecutive5xx = 0 });

        bench.Answer(500, 500, 500, 500, 500, 500);

        Assert.False(bench.IsOut);
    }

    [Theory]
    [InlineData(3, 10, false, 0)] // the trap: a third is more than a tenth
    [InlineData(3, 10, true, 1)]
    [InlineData(10, 10, false, 1)]
    [InlineData(3, 34, false, 1)]
    [InlineData(3, 67, false, 2)]
    [InlineData(3, 100, false, 3)]
    [InlineData(3, 0, false, 0)]
    public void No_more_are_out_than_the_share_allows(int endpoints, int percent, bool always, int expected)
    {
        using var bench = new Bench(All with { Consecutive5xx = 1, MaxEjectionPercent = percent, AlwaysEjectOneHost = always }, endpoints);

        Parallel.For(0, endpoints, i => bench.Report(i, 500));

        Assert.Equal(expected, bench.Plan.Slots.Count(s => s.State.Outlier.IsEjected));
    }

    private sealed class Bench : IDisposable
    {
        private readonly ClusterState _state;

        public Bench(OutlierModel rules, int endpoints = 1)
        {
            _state = new ClusterState("c", Clock);
            Plan = _state.Plan(new ClusterModel
            {
                Name = "c",
                Outlier = rules,
                Endpoints = [.. Enumerable.Range(1, endpoints).Select(p => new EndpointModel("127.0.0.1", p))],
            });
        }

        public ManualTimeProvider Clock { get; } = new();

        public ClusterPlan Plan { get; }

        public bool IsOut => Plan.Slots[0].State.Outlier.IsEjected;

        public void Answer(params int[] statuses)
        {
            foreach (var status in statuses) Report(0, status);
        }

        public void Report(int endpoint, int status) =>
            _state.Outliers.Report(Plan, Plan.Slots[endpoint].State, TryOutcome.Response, status);

        public void Fail(int times)
        {
            for (var i = 0; i < times; i++) _state.Outliers.Report(Plan, Plan.Slots[0].State, TryOutcome.LocalOrigin, 0);
        }

        /// <summary>Ejects the endpoint, and waits for the sweep that takes it back.</summary>
        public int SecondsOut()
        {
            Answer(500, 500);
            Assert.True(IsOut);
            var seconds = 0;
            for (; IsOut; seconds++) Clock.Advance(TimeSpan.FromSeconds(1));
            return seconds;
        }

        public void Dispose() => _state.Dispose();
    }
}
