using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Secrets;
using MeshOrleans.Xds.Gateway.Streams;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>One open stream with all that belongs to it. Compared by reference: a node may have several.</summary>
internal sealed class OpenStream(ProxyNode node, StreamSession session, SvidSession? svid, ReportedStream report)
{
    public ProxyNode Node => node;

    public StreamSession Session => session;

    public ReportedStream Report => report;

    /// <summary>The snapshot key under which the mesh tells of its certificate; null when it has none.</summary>
    public string? CertificateKey { get; } = svid is null ? null : SnapshotKey.Identity + svid.RecordKey;

    /// <summary>The mesh has news of its certificate.</summary>
    public void OnCertificateChanged() => svid?.OnRecordChanged();
}
