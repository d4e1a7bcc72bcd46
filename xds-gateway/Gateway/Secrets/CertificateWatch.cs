using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Secrets;

/// <summary>
/// Says of each proxy that is connected here when its certificate has not been replaced in time: once for each certificate
/// and degree. Proxies that are gone are not missed here.
/// </summary>
internal sealed partial class CertificateWatch(
    GatewayStatus status, SnapshotHolder snapshots, TimeProvider clock, ILogger<CertificateWatch> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(5);

    private Dictionary<string, (string Serial, CertificateAlarm Alarm)> _told = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Look();
            await Task.Delay(_period, clock, stoppingToken);
        }
    }

    private void Look()
    {
        var now = clock.GetUtcNow();
        var told = new Dictionary<string, (string, CertificateAlarm)>(StringComparer.Ordinal);
        foreach (var key in status.CertificateKeys)
        {
            var record = snapshots.Current.Identities.GetValueOrDefault(key[SnapshotKey.Identity.Length..]);
            if (record is null || CertificateAlarms.Of(record, now) is not (var alarm and not CertificateAlarm.None)) continue;
            var before = _told.GetValueOrDefault(key);
            told[key] = (record.Serial, alarm);
            if (before.Serial == record.Serial && before.Alarm >= alarm) continue;
            if (alarm is CertificateAlarm.Urgent) LogUrgent(record.SpiffeId, record.NodeId, record.NotAfter, record.NotAfter - now);
            else LogLate(record.SpiffeId, record.NodeId, record.NotAfter, record.NotAfter - now);
        }

        _told = told;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The certificate of {Id} at {Node} ends at {NotAfter:u}, in {Left}: less than a quarter of its life is "
            + "left, and it has not been replaced.")]
    private partial void LogLate(string id, string node, DateTimeOffset notAfter, TimeSpan left);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The certificate of {Id} at {Node} ends at {NotAfter:u}, in {Left}, and has not been replaced: after that "
            + "nobody talks to it.")]
    private partial void LogUrgent(string id, string node, DateTimeOffset notAfter, TimeSpan left);
}
