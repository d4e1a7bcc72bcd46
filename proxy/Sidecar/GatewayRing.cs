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
/// next at once; only when all have failed in a row comes a wait, and each such round has a longer one.
/// </summary>
internal sealed class GatewayRing
{
    private static readonly TimeSpan Jitter = TimeSpan.FromMilliseconds(300); // the proxies of a lost gateway are many
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(24);

    private readonly ImmutableArray<HostPort> _gateways;
    private readonly IRandomSource _random;
    private readonly Backoff _backoff;
    private TimeSpan _patience = FirstPatience;
    private int _next;
    private int _failures;

    /// <param name="settings">Says which gateways there are, and whose order it is.</param>
    /// <param name="random">Chance.</param>
    public GatewayRing(SidecarSettings settings, IRandomSource random)
    {
        _gateways = Order(settings.NodeId, settings.Xds);
        _random = random;
        _backoff = new Backoff(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30), random);
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

    /// <summary>The current one is lost, or never answered: it is the next one's turn.</summary>
    /// <returns>How long to wait before that.</returns>
    public TimeSpan Failed()
    {
        _next = (_next + 1) % _gateways.Length;
        if (++_failures < _gateways.Length) return Jitter * _random.NextDouble();

        // All of them are away, or too busy to answer in time: impatience would keep them busy for ever.
        _failures = 0;
        _patience = _patience * 2 < MaxPatience ? _patience * 2 : MaxPatience;
        return _backoff.Next();
    }
}
