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

    /// <summary>The mesh has news of a certificate; it may be this stream's.</summary>
    public void OnCertificateChanged(string key)
    {
        if (svid is not null && key.AsSpan(SnapshotKey.Identity.Length).SequenceEqual(svid.RecordKey)) svid.OnRecordChanged();
    }
}
