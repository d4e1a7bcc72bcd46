using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>How this mesh takes part in federation.</summary>
public sealed class FederationOptions
{
    /// <summary>How often each peer's exports are read.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one call to a peer may take.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Where peers reach this control plane's TLS port, <c>host:port</c>.</summary>
    public Func<string> OwnAddress { get; set; } = () => "127.0.0.1:15012";

    /// <summary>The mesh as it stands.</summary>
    public Func<MeshSnapshot> Snapshot { get; set; } = () => MeshSnapshot.Empty;
}
