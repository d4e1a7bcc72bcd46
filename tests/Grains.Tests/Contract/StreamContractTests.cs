namespace MeshOrleans.Grains.Tests.Contract;

public sealed class StreamContractTests : GrainContract
{
    [Fact]
    public async Task A_stream_brings_every_element_in_order()
    {
        List<int> seen = [];

        await foreach (var number in Grain<IStreamProbe>().CountAsync(250)) seen.Add(number);

        Assert.Equal(Enumerable.Range(1, 250), seen);
    }

    [Fact]
    public async Task Other_calls_interleave_with_a_running_stream()
    {
        var grain = Grain<IStreamProbe>();
        await using var stream = grain.FollowAsync().GetAsyncEnumerator();
        var first = stream.MoveNextAsync().AsTask();

        await grain.FeedAsync(7).SoonAsync();

        Assert.True(await first.SoonAsync());
        Assert.Equal(7, stream.Current);
    }

    [Fact]
    public async Task A_consumer_that_breaks_off_ends_the_stream_in_the_grain()
    {
        var grain = Grain<IStreamProbe>();
        await grain.FeedAsync(1);

        await foreach (var _ in grain.FollowAsync()) break;

        await Host.UntilAsync(() => Journal.Of(Key).Contains("stream ended"), "the stream's finally runs");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_consumer_that_cancels_leaves_at_once_and_ends_the_stream_in_the_grain(bool byArgument)
    {
        using var cancel = new CancellationTokenSource();
        var stream = byArgument
            ? Grain<IStreamProbe>().FollowAsync(cancel.Token)
            : Grain<IStreamProbe>().FollowAsync().WithCancellation(cancel.Token).AsStream();
        await Grain<IStreamProbe>().FeedAsync(1);
        var consumer = Task.Run(async () =>
        {
            await foreach (var _ in stream) await cancel.CancelAsync();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => consumer.SoonAsync());

        await Host.UntilAsync(() => Journal.Of(Key).Contains("stream ended"), "the stream's token is signalled");
    }

    [Fact]
    public async Task A_stream_ends_with_an_exception_when_the_grain_is_deactivated()
    {
        var grain = Grain<IStreamProbe>();
        await grain.FeedAsync(1);
        await using var stream = grain.FollowAsync().GetAsyncEnumerator();
        await stream.MoveNextAsync();
        var waiting = stream.MoveNextAsync().AsTask();

        await grain.DeactivateAsync();

        await Host.UntilAsync(() => waiting.IsCompleted, "the stream ends");
        await Assert.ThrowsAsync<EnumerationAbortedException>(() => waiting);
    }

    [Fact]
    public async Task An_exception_of_the_stream_reaches_the_consumer()
    {
        await using var stream = Grain<IStreamProbe>().FailAfterOneAsync().GetAsyncEnumerator();

        Assert.True(await stream.MoveNextAsync());

        await Assert.ThrowsAsync<InvalidOperationException>(() => stream.MoveNextAsync().AsTask().SoonAsync());
    }
}

internal static class ConfiguredStreams
{
    /// <summary>The stream with its token already attached, as a plain enumerable.</summary>
    public static async IAsyncEnumerable<T> AsStream<T>(
        this System.Runtime.CompilerServices.ConfiguredCancelableAsyncEnumerable<T> stream)
    {
        await foreach (var item in stream) yield return item;
    }
}
