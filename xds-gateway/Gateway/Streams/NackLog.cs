using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Subscriptions;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>What clients refuse, all streams of a gateway together.</summary>
/// <param name="Protocol">The method of the stream.</param>
/// <param name="TypeUrl">The type.</param>
/// <param name="Resource">The resource, or the first of several.</param>
/// <param name="Reason">The client's words, fit for a log.</param>
internal sealed record Nack(StreamProtocol Protocol, string TypeUrl, string Resource, string Reason);

/// <summary>
/// Logs what clients refuse: the same refusal once a minute. One bad resource is refused by every proxy of a mesh, and by
/// each again after every change; the line is wanted once, the rest is a figure.
/// </summary>
internal sealed partial class NackLog(GatewayMetrics metrics, TimeProvider clock, ILogger<NackLog> logger)
{
    private const int MaxKinds = 1_000; // the texts are the clients': they must not fill the memory
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Nack, long> _loggedAt = [];

    /// <summary>Logs a refusal, or counts it where its like was logged a moment ago.</summary>
    /// <param name="node">Who refuses.</param>
    /// <param name="nack">What.</param>
    public void Add(string node, Nack nack)
    {
        if (IsNew(nack)) LogNacked(node, nack.Resource, nack.TypeUrl, nack.Reason);
        else metrics.RejectNotLogged();
    }

    private bool IsNew(Nack nack)
    {
        lock (_gate)
        {
            if (_loggedAt.TryGetValue(nack, out var at) && clock.GetElapsedTime(at) < Interval) return false;
            if (_loggedAt.Count >= MaxKinds) Forget();
            if (_loggedAt.Count >= MaxKinds) return false;
            _loggedAt[nack] = clock.GetTimestamp();
            return true;
        }
    }

    private void Forget()
    {
        foreach (var (nack, at) in _loggedAt)
        {
            if (clock.GetElapsedTime(at) >= Interval) _loggedAt.Remove(nack);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Node} refuses {Resource} of {TypeUrl} and keeps what it had: {Reason}. The same from other "
            + "proxies is not logged again for a minute.")]
    private partial void LogNacked(string node, string resource, string typeUrl, string reason);
}
