using System.Net;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Callers;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Callers;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class CallerReporterTests
{
    private static readonly IPAddress One = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Two = IPAddress.Parse("10.0.0.2");

    private readonly ManualTimeProvider _clock = new();
    private readonly PlaintextCallers _callers;
    private readonly CallerReporter _reporter;
    private readonly List<PlaintextReport> _told = [];

    public CallerReporterTests()
    {
        _callers = new PlaintextCallers(_clock, 16);
        _reporter = new CallerReporter(_callers, _clock);
        _reporter.Changed += _told.Add;
    }

    [Fact]
    public async Task A_new_caller_is_told_within_two_seconds_and_a_known_one_once_a_minute()
    {
        await using var running = new Running(_reporter, _clock);
        _callers.Opened(80, One, InboundTlsMode.Permissive, isTls: false).Closed();
        running.Pass(2);
        var first = Assert.Single(Assert.Single(_told).Callers);

        _callers.Opened(80, One, InboundTlsMode.Permissive, isTls: false).Closed();
        _callers.Opened(80, Two, InboundTlsMode.Strict, isTls: true).Closed();
        running.Pass(2);
        var second = Assert.Single(_told[1].Callers);
        running.Pass(60);
        var third = Assert.Single(_told[2].Callers);
        running.Pass(600);

        Assert.Equal(("10.0.0.1", 1L, 0, 2.0), (first.Address, first.Connections, first.Open, first.LastSeen.TotalSeconds));
        Assert.Equal(("10.0.0.2", PortDemand.Strict, true), (second.Address, second.Demand, second.IsTls));
        Assert.Equal(("10.0.0.1", 2L), (third.Address, third.Connections));
        Assert.Equal(3, _told.Count); // nobody came
        Assert.Single(_told.Select(t => t.Run).Distinct());
        Assert.Equal([2.0, 4.0], _told.Take(2).Select(t => t.Watching.TotalSeconds));
    }

    [Fact]
    public async Task Who_is_still_there_is_told_every_minute_and_once_more_when_it_has_left()
    {
        await using var running = new Running(_reporter, _clock);
        var caller = _callers.Opened(80, One, InboundTlsMode.Permissive, isTls: false);
        running.Pass(130);
        caller.Closed();
        running.Pass(300);

        Assert.Equal([1, 1, 1, 0], _told.Select(t => Assert.Single(t.Callers).Open));
        Assert.Equal([0.0, 0.0, 0.0], _told.Take(3).Select(t => t.Callers[0].LastSeen.TotalSeconds));
    }

    [Fact]
    public async Task That_the_port_demands_something_else_is_news_at_once()
    {
        await using var running = new Running(_reporter, _clock);
        _callers.Opened(80, One, InboundTlsMode.Disable, isTls: false).Closed();
        running.Pass(2);
        _callers.Opened(80, One, InboundTlsMode.Permissive, isTls: false).Closed();
        running.Pass(2);

        Assert.Equal([PortDemand.Disable, PortDemand.Permissive], _told.Select(t => t.Callers[0].Demand));
    }

    [Fact]
    public async Task Each_stream_begins_with_all_of_them_and_new_ones_follow()
    {
        using var authority = new TestAuthority(TimeProvider.System);
        await using var plane = await FakeControlPlane.StartAsync(authority);
        plane.Put(MeshResources.Mesh(8080));
        await using var sidecar = new SidecarLoops(plane.NewToken().Reveal(), plane.Address);

        var atFirst = await plane.NextAsync("the first report", r => r.TypeUrl == TypeUrls.PlaintextCallers);
        sidecar.Callers.Opened(8080, One, InboundTlsMode.Permissive, isTls: false).Closed();
        var news = await plane.NextAsync("the news", r => r.TypeUrl == TypeUrls.PlaintextCallers);
        plane.EndStream();
        var again = await plane.NextAsync("the report of the next stream", r => r.TypeUrl == TypeUrls.PlaintextCallers);

        Assert.Equal(["watch"], atFirst.InitialResourceVersions.Keys);
        var (told, retold) = (PlaintextReport.Read(news.InitialResourceVersions)!, PlaintextReport.Read(again.InitialResourceVersions)!);
        Assert.Equal(told.Callers.Select(c => (c.Port, c.Address, c.Connections)), retold.Callers.Select(c => (c.Port, c.Address, c.Connections)));
        Assert.Equal((8080, "10.0.0.1", 1L), (told.Callers[0].Port, told.Callers[0].Address, told.Callers[0].Connections));
        Assert.Equal(told.Run, retold.Run);
    }

    /// <summary>The loop on a clock that stops at each of its steps.</summary>
    private sealed class Running(CallerReporter reporter, ManualTimeProvider clock) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task? _loop;

        public void Pass(int seconds)
        {
            _loop ??= reporter.RunAsync(_stop.Token);
            for (var i = 0; i < seconds; i++)
            {
                Assert.True(
                    SpinWait.SpinUntil(() => clock.PendingTimers > 0, TimeSpan.FromSeconds(20)), "The loop does not wait.");
                clock.Advance(TimeSpan.FromSeconds(1));
            }

            Assert.True(
                SpinWait.SpinUntil(() => clock.PendingTimers > 0, TimeSpan.FromSeconds(20)), "The loop does not wait.");
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _loop!);
            _stop.Dispose();
        }
    }
}
