using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model;
using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Sidecar;

/// <summary>One try of one gateway.</summary>
/// <param name="Gateway">Where to.</param>
/// <param name="Patience">How long it has for a first sign of life.</param>
internal sealed record GatewayAttempt(HostPort Gateway, TimeSpan Patience)
{
    /// <summary>How much of that a connection may take, handshake included.</summary>
    public TimeSpan ConnectTimeout => Patience * 2 / 3;
}

/// <summary>
/// The gateways of the control plane, in the order in which this sidecar tries them. One that fails is followed by the
/// next at once; only when all have failed in a row comes a wait, and each such round has a longer one. One that said
/// when to come back is not tried before that.
/// </summary>
internal sealed class GatewayRing
{
    private static readonly TimeSpan Jitter = TimeSpan.FromMilliseconds(300); // the proxies of a lost gateway are many
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(24);
    private static readonly TimeSpan MaxHint = TimeSpan.FromMinutes(10); // no gateway sends a sidecar away for ever

    private readonly ImmutableArray<HostPort> _gateways;
    private readonly (long At, TimeSpan Time)[] _hints;
    private readonly IRandomSource _random;
    private readonly TimeProvider _clock;
    private readonly Backoff _backoff;
    private TimeSpan _patience = FirstPatience;
    private int _next;
    private int _failures;

    /// <param name="settings">Says which gateways there are, and whose order it is.</param>
    /// <param name="surroundings">Time and chance.</param>
    public GatewayRing(SidecarSettings settings, Surroundings surroundings)
    {
        _gateways = Order(settings.NodeId, settings.Xds);
        _hints = new (long, TimeSpan)[_gateways.Length];
        (_random, _clock) = (surroundings.Random, surroundings.Clock);
        _backoff = new Backoff(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30), surroundings.Random);
    }

    /// <summary>The one to try now.</summary>
    public GatewayAttempt Current => new(_gateways[_next], _patience);

    /// <summary>
    /// The gateways in a node's own order: by hash, so that sidecars spread over them, each is back at the same one
    /// after a restart, and a gateway that is added or taken away moves few.
    /// </summary>
    public static ImmutableArray<HostPort> Order(string nodeId, ImmutableArray<HostPort> gateways) =>
    [
        .. gateways.OrderBy(
            gateway => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{nodeId}|{gateway}"))),
            StringComparer.Ordinal),
    ];

    /// <summary>The current one has served well: what failed before is forgotten.</summary>
    public void Worked()
    {
        _failures = 0;
        _patience = FirstPatience;
        _backoff.Reset();
    }

    /// <summary>
    /// The current one is lost, has refused, or never answered: it is the next one's turn that may be tried.
    /// </summary>
    /// <param name="retryAfter">When the current one wants to be tried again; null when it did not say.</param>
    /// <returns>How long to wait before that.</returns>
    public TimeSpan Failed(TimeSpan? retryAfter = null)
    {
        if (retryAfter is { } hint) _hints[_next] = (_clock.GetTimestamp(), hint < MaxHint ? hint : MaxHint);

        // Who is passed over counts as failed: the others must not be tried the more often for it.
        var wait = Next();
        for (var i = 1; i < _gateways.Length && DueIn(_next) > wait; i++) wait = Longer(wait, Next());
        if (DueIn(_next) > wait) _next = Enumerable.Range(0, _gateways.Length).MinBy(DueIn);
        return Longer(wait, DueIn(_next));
    }

    private TimeSpan Next()
    {
        _next = (_next + 1) % _gateways.Length;
        if (++_failures < _gateways.Length) return Jitter * _random.NextDouble();

        // All of them are away, or too busy to answer in time: impatience would keep them busy for ever.
        _failures = 0;
        _patience = _patience * 2 < MaxPatience ? _patience * 2 : MaxPatience;
        return _backoff.Next();
    }

    private TimeSpan DueIn(int gateway) =>
        _hints[gateway] is { At: not 0 } hint ? hint.Time - _clock.GetElapsedTime(hint.At) : TimeSpan.Zero;

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
