using System.Threading.Channels;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>Wakes one waiter; signals that come before it waits are kept as one.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _channel.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellationToken) =>
        await _channel.Reader.ReadAsync(cancellationToken);

    /// <summary>False when the time passed without a signal.</summary>
    public async Task<bool> WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (time == Timeout.InfiniteTimeSpan)
        {
            await WaitAsync(cancellationToken);
            return true;
        }

        using var timer = new CancellationTokenSource(time < TimeSpan.Zero ? TimeSpan.Zero : time, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
