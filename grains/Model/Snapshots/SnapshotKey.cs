namespace MeshOrleans.Model.Snapshots;

/// <summary>How the entries of the mesh snapshot are named: <c>category/rest</c>.</summary>
public static class SnapshotKey
{
    /// <summary>Configuration: <c>config/Kind/namespace/name</c>.</summary>
    public const string Config = "config/";

    /// <summary>Members: <c>workload/namespace/name</c>.</summary>
    public const string Workload = "workload/";

    /// <summary>Trust bundles: <c>trust/domain</c>.</summary>
    public const string Trust = "trust/";

    /// <summary>Identities and their certificates: <c>identity/spiffe://…</c>.</summary>
    public const string Identity = "identity/";

    /// <summary>Federation links: <c>peer/name</c>.</summary>
    public const string Peer = "peer/";

    /// <summary>Services of other meshes: <c>import/peer/namespace/service</c>.</summary>
    public const string Import = "import/";

    /// <summary>Fetched keys of issuers: <c>keyset/address</c>, the address that they are fetched from.</summary>
    public const string KeySet = "keyset/";

    /// <summary>How fetching them stands: <c>issuer/address</c>.</summary>
    public const string Issuer = "issuer/";
}
