using MeshOrleans.Model;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// When one stream has lived long enough. Its end is drawn once, so that streams that began together do not end
/// together.
/// </summary>
internal sealed class StreamAge(XdsGatewayOptions options, TimeProvider clock, IRandomSource random)
{
    private readonly long _began = clock.GetTimestamp();
    private readonly TimeSpan? _limit =
        options.MaxStreamAge > TimeSpan.Zero ? options.MaxStreamAge * (0.5 + random.NextDouble()) : null;

    /// <summary>Whether the stream is to end now.</summary>
    /// <param name="isOutstanding">A push is not answered yet: it gets some time.</param>
    public bool IsOver(bool isOutstanding) => _limit is not null && Left(isOutstanding) <= TimeSpan.Zero;

    /// <summary>How long until <see cref="IsOver"/>, as things stand; infinite when it never will be.</summary>
    public TimeSpan Left(bool isOutstanding)
    {
        if (_limit is not { } limit) return Timeout.InfiniteTimeSpan;
        var left = limit - clock.GetElapsedTime(_began);
        if (isOutstanding && left <= TimeSpan.Zero) left += options.StallTimeout;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
