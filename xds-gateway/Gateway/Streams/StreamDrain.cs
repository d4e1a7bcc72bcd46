using MeshOrleans.Xds.Gateway.Status;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// How the streams of a stopping host end: not all at once, so that other gateways can take them up, and soon.
/// </summary>
internal sealed class StreamDrain : IDisposable
{
    private static readonly TimeSpan TimePerStream = TimeSpan.FromMilliseconds(2); // others take up 500 a second

    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _starting;
    private readonly Lazy<TimeSpan> _spread;

    public StreamDrain(
        GatewayStatus status,
        IOptions<XdsGatewayOptions> options,
        TimeProvider clock,
        IHostApplicationLifetime lifetime)
    {
        Limit = options.Value.DrainTime;
        Started = lifetime.ApplicationStopping;
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _spread = new Lazy<TimeSpan>(() => Min(Limit, status.Count * TimePerStream));
        _starting = Started.Register(() =>
        {
            if (Limit == TimeSpan.Zero) _over.Cancel();
            else _over.CancelAfter(Limit);
        });
    }

    /// <summary>Cancelled when the host begins to stop: no stream begins any more, the others draw their end.</summary>
    public CancellationToken Started { get; }

    /// <summary>Cancelled when no stream can be waited for any longer.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>The time between the two.</summary>
    public TimeSpan Limit { get; }

    /// <summary>The time over which the streams spread their ends: a few need no more than a moment.</summary>
    public TimeSpan Spread => _spread.Value;

    public void Dispose()
    {
        _starting.Dispose();
        _over.Dispose();
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
