using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Gateway.Secrets;

/// <summary>How close the end of a certificate is that has not been replaced in time.</summary>
public enum CertificateAlarm
{
    /// <summary>Nothing is wrong: it is replaced at half its life.</summary>
    None,

    /// <summary>Less than a quarter of its life is left.</summary>
    Late,

    /// <summary>Less than a tenth is left: somebody must act.</summary>
    Urgent,
}

/// <summary>Judges certificates by what is left of them.</summary>
public static class CertificateAlarms
{
    /// <summary>How a certificate stands.</summary>
    public static CertificateAlarm Of(IdentityRecord record, DateTimeOffset now)
    {
        var life = record.NotAfter - record.NotBefore;
        var left = record.NotAfter - now;
        return left < life / 10 ? CertificateAlarm.Urgent
            : left < life / 4 ? CertificateAlarm.Late
            : CertificateAlarm.None;
    }
}
