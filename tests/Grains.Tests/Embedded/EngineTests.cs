using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Tests.Contract;
using Host = MeshOrleans.Grains.Tests.Contract.EmbeddedGrainHost;

namespace MeshOrleans.Grains.Tests.Embedded;

public sealed class EngineTests : IAsyncLifetime
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly string _key = Journal.NewKey();
    private Host _host = null!;

    private IEngineProbe Probe => _host.Grains.GetGrain<IEngineProbe>(_key);

    public async Task InitializeAsync() =>
        _host = await Host.StartAsync(options => options.CollectionAge = TimeSpan.FromMinutes(5));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Two_grains_that_wait_for_each_other_are_told_so_by_name()
    {
        var other = Journal.NewKey();

        var call = Probe.RelayAsync(other);

        await _host.UntilAsync(() => call.IsCompleted, "the timeout", s_second);
        var exception = await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Contains($"engineprobe/{_key}", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"engineprobe/{other}", exception.Message, StringComparison.Ordinal);
        var ping = Probe.PingAsync();
        await _host.UntilAsync(() => ping.IsCompleted, "the grain is free again", s_second);
        await ping;
    }

    [Fact]
    public async Task Calls_of_one_caller_keep_their_order()
    {
        var grain = _host.Grains.GetGrain<ITurnProbe>(_key);

        await Task.WhenAll(Enumerable.Range(0, 500).Select(grain.AppendAsync)).SoonAsync();

        Assert.Equal(Enumerable.Range(0, 500), await grain.AppendedAsync());
    }

    [Fact]
    public async Task A_grain_that_nobody_uses_is_collected()
    {
        await Probe.PingAsync();

        await _host.PassAsync(TimeSpan.FromMinutes(4));
        Assert.Empty(Journal.Of(_key));

        await _host.UntilAsync(() => Journal.Of(_key).Length > 0, "the collection", s_minute);
        Assert.Equal(["deactivated ActivationIdle"], Journal.Of(_key));
    }

    [Fact]
    public async Task A_grain_in_use_is_not_collected()
    {
        for (var minute = 0; minute < 15; minute++)
        {
            await Probe.PingAsync();
            await _host.PassAsync(s_minute);
        }

        Assert.Empty(Journal.Of(_key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ticks_count_as_use_only_when_the_timer_says_so(bool keepAlive)
    {
        await Probe.StartTimerAsync(TimeSpan.FromSeconds(30), keepAlive);

        for (var ticks = 1; ticks <= 40 && (keepAlive || Journal.Of(_key).Length == 0); ticks++)
        {
            var expected = ticks;
            await _host.UntilAsync(
                () => Journal.Of(_key + " ticks").Length >= expected || Journal.Of(_key).Length > 0, "a tick", s_second);
        }

        if (keepAlive) Assert.Empty(Journal.Of(_key));
        else await _host.UntilAsync(() => Journal.Of(_key).Length > 0, "the collection", s_minute);
    }

    [Fact]
    public async Task A_grain_whose_stream_is_awaited_is_not_collected()
    {
        using var cancel = new CancellationTokenSource();
        await using var stream = Probe.WaitForeverAsync(cancel.Token).GetAsyncEnumerator();
        var waiting = stream.MoveNextAsync().AsTask();
        await _host.UntilAsync(() => Journal.Of(_key + " streams").Length > 0, "the stream's wait", TimeSpan.Zero);

        for (var minute = 0; minute < 15; minute++) await _host.PassAsync(s_minute);

        Assert.Empty(Journal.Of(_key));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_grain_class_may_be_kept_for_ever()
    {
        await _host.Grains.GetGrain<IKeptProbe>(_key).PingAsync();

        for (var minute = 0; minute < 15; minute++) await _host.PassAsync(s_minute);

        Assert.Empty(Journal.Of(_key));
    }

    [Fact]
    public async Task A_shutdown_does_not_wait_for_ever()
    {
        var hanging = Probe.HangAsync();
        await _host.Grains.GetGrain<ITurnProbe>(_key).KeyAsync();
        var grain = _host.Grains.GetGrain<ITurnProbe>(Journal.NewKey());

        var stopping = _host.DisposeAsync().AsTask();

        await _host.UntilAsync(
            () => Journal.Of(_key).Contains("deactivated ShuttingDown"), "the idle grain's end", TimeSpan.Zero);
        await _host.UntilAsync(() => stopping.IsCompleted, "the end of the shutdown", s_second);
        await Assert.ThrowsAsync<OrleansException>(() => grain.KeyAsync().SoonAsync());
        Assert.Contains("deactivated ShuttingDown", Journal.Of(_key));
        Assert.False(hanging.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_grain_that_cannot_be_made_says_what_is_missing()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => _host.Grains.GetGrain<IUnmadeProbe>(_key).PingAsync().SoonAsync());

        Assert.Contains(nameof(IUnregistered), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_activation_does_not_take_for_ever()
    {
        var call = _host.Grains.GetGrain<ISlowProbe>(_key).PingAsync();

        await _host.UntilAsync(() => call.IsCompleted, "the timeout", s_second);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public void An_interface_without_a_class_is_refused() =>
        Assert.Throws<ArgumentException>(() => _host.Grains.GetGrain<INobody>(_key));

    [Theory]
    [InlineData(nameof(IImpossible.Number))]
    [InlineData(nameof(IImpossible.TwoTokensAsync))]
    [InlineData(nameof(IImpossible.GenericAsync))]
    public void A_method_that_cannot_be_called_is_refused(string name) =>
        Assert.Throws<InvalidOperationException>(() => GrainMethod.Of(typeof(IImpossible).GetMethod(name)!));

    public interface INobody : IGrainWithStringKey;

    private interface IImpossible
    {
        int Number();

        Task TwoTokensAsync(CancellationToken one, CancellationToken other);

        Task GenericAsync<T>();
    }
}
