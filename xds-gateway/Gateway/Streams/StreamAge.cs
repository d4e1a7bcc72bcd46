using MeshOrleans.Model;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// When one stream has lived long enough. Its end is drawn, so that streams that began together, or that a stopping
/// host has together, do not end together.
/// </summary>
internal sealed class StreamAge(XdsGatewayOptions options, TimeProvider clock, IRandomSource random)
{
    private readonly long _began = clock.GetTimestamp();
    private TimeSpan _grace = options.StallTimeout;
    private TimeSpan? _limit =
        options.MaxStreamAge > TimeSpan.Zero ? options.MaxStreamAge * (0.5 + random.NextDouble()) : null;

    /// <summary>The host stops, and the stream with it.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Has the stream end soon; the first call counts.</summary>
    /// <param name="spread">At a moment of its own within this time.</param>
    /// <param name="limit">A push that is not answered yet gets this time in all.</param>
    public void Stop(TimeSpan spread, TimeSpan limit)
    {
        if (IsStopping) return;
        IsStopping = true;
        var age = clock.GetElapsedTime(_began);
        var end = age + (spread * random.NextDouble());
        if (_limit is null || end < _limit) _limit = end;
        _grace = age + limit - _limit.Value;
    }

    /// <summary>Whether the stream is to end now.</summary>
    /// <param name="isOutstanding">A push is not answered yet: it gets some time.</param>
    public bool IsOver(bool isOutstanding) => _limit is not null && Left(isOutstanding) <= TimeSpan.Zero;

    /// <summary>How long until <see cref="IsOver"/>, as things stand; infinite when it never will be.</summary>
    public TimeSpan Left(bool isOutstanding)
    {
        if (_limit is not { } limit) return Timeout.InfiniteTimeSpan;
        var left = limit - clock.GetElapsedTime(_began);
        if (isOutstanding && left <= TimeSpan.Zero) left += _grace;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
