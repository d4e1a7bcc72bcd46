using System.Collections.Concurrent;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Audit;
using MeshOrleans.Xds.Gateway;

namespace MeshOrleans.Silo.Access.Ended;

/// <summary>
/// Notes in log and audit trail who has asked in vain for a certificate by one that has ended, and has proved to hold
/// its key: each once for a reason, as a sidecar asks again and again. What is not proved is not noted, or strangers
/// could fill the trail.
/// </summary>
internal sealed partial class EndedRefusals(
    IGrainFactory grains, GatewayName gateway, TimeProvider clock, ILogger<EndedRefusals> logger)
{
    private const int MaxKnown = 1_024;

    private readonly ConcurrentDictionary<(string Serial, string Reason), bool> _known = new();

    /// <summary>Notes a refusal that is new.</summary>
    public async Task NoteAsync(EndedCertificate certificate, string reason)
    {
        if (_known.Count >= MaxKnown) _known.Clear();
        if (!_known.TryAdd((certificate.Serial, reason), true)) return;
        LogRefused($"{certificate.Id}", certificate.Serial, reason);
        var entry = new AuditEntry(
            0, clock.GetUtcNow(), $"{certificate.Id}", certificate.Serial, "REATTEST", "/v1/certificates",
            StatusCodes.Status401Unauthorized, Revision: null, gateway.Value);
        try
        {
            await grains.GetGrain<IAuditGrain>(MeshKeys.Default).AppendAsync([entry], CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotNoted(exception.Message); // it is a line of the log
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Id} gets no certificate by {Serial}, whose key it holds: {Reason} Told once.")]
    private partial void LogRefused(string id, string serial, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That is not in the audit trail: {Reason}")]
    private partial void LogNotNoted(string reason);
}
