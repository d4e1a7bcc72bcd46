using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>Automatic scoping: a proxy is told of the hosts that its workload calls, and of no others.</summary>
public static class AutoScope
{
    /// <summary>
    /// Whether <see cref="ProxyScope.Used"/> counts for a proxy: the mesh says so, it stands in front of a workload, and
    /// no Sidecar resource says what the workload may see.
    /// </summary>
    public static bool AppliesTo(MeshIndex mesh, ProxyScope scope) =>
        mesh.Settings.AutoScope && AppliesTo(mesh, scope, EgressScope.Of(mesh, scope));

    /// <summary>
    /// The host behind a name that the clients of a namespace call on a port, as the whole mesh has it: a service's, or
    /// one that only a VirtualService knows, maybe a wildcard. Null when it leads nowhere.
    /// </summary>
    /// <param name="mesh">The mesh.</param>
    /// <param name="clientNamespace">The namespace of the clients.</param>
    /// <param name="name">The name, without the port.</param>
    /// <param name="port">The port.</param>
    /// <param name="byNetwork">An address belongs to whose network it is in.</param>
    public static string? FindHost(
        MeshIndex mesh, string clientNamespace, string name, int port, bool byNetwork = true) =>
        new HostDirectory(mesh, clientNamespace, byNetwork: byNetwork).Find(name, port)
        ?? new HostDirectory(mesh, clientNamespace, isTcp: true).Find(name, port);

    /// <summary>What a proxy is told of; null when it is told of everything it may see.</summary>
    /// <param name="mesh">The mesh.</param>
    /// <param name="scope">The proxy's.</param>
    /// <param name="egress">What its Sidecar resource lets it see.</param>
    /// <param name="own">A host that the proxy calls itself; empty for none.</param>
    internal static UsedHosts? UsedBy(MeshIndex mesh, ProxyScope scope, EgressScope egress, string own) =>
        scope.Used is { } used && AppliesTo(mesh, scope, egress)
            ? new UsedHosts(mesh, scope.Namespace, own.Length > 0 ? used.Add(own) : used)
            : null;

    private static bool AppliesTo(MeshIndex mesh, ProxyScope scope, EgressScope egress) =>
        mesh.Settings.AutoScope && scope.Mode is ProxyMode.Sidecar && egress.SeesAll;
}
