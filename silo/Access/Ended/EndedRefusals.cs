using System.Collections.Concurrent;
using MeshOrleans.Grains.Audit;
using MeshOrleans.Silo.Audit;
using MeshOrleans.Xds.Gateway;

namespace MeshOrleans.Silo.Access.Ended;

/// <summary>
/// Notes in log and audit trail who has asked in vain for a certificate by one that has ended, and has proved to hold
/// its key: each once for a reason, as a sidecar asks again and again, and within the trail's quota of refusals. What is not proved
/// is not noted, or strangers could fill the trail.
/// </summary>
internal sealed partial class EndedRefusals(
    AuditTrail trail, GatewayName gateway, TimeProvider clock, ILogger<EndedRefusals> logger)
{
    private const int MaxKnown = 1_024;

    private readonly ConcurrentDictionary<(string Serial, string Reason), bool> _known = new();

    /// <summary>Notes a refusal that is new.</summary>
    public void Note(EndedCertificate certificate, string reason)
    {
        if (_known.Count >= MaxKnown) _known.Clear();
        if (!_known.TryAdd((certificate.Serial, reason), true)) return;
        LogRefused($"{certificate.Id}", certificate.Serial, reason);
        trail.Note(new AuditEntry(
            0, clock.GetUtcNow(), $"{certificate.Id}", certificate.Serial, "REATTEST", "/v1/certificates",
            StatusCodes.Status401Unauthorized, Revision: null, gateway.Value));
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Id} gets no certificate by {Serial}, whose key it holds: {Reason} Told once.")]
    private partial void LogRefused(string id, string serial, string reason);
}
