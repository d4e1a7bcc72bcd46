namespace MeshOrleans.Model.Identity;

/// <summary>
/// Who the control plane of a mesh is. Sidecars, other meshes and stock Envoys believe a server by this name alone, so no
/// workload may have a certificate of it.
/// </summary>
public static class ControlPlaneIdentity
{
    private const string Namespace = "istio-system";
    private const string ServiceAccount = "mesh-control-plane";

    /// <summary>The control plane of a trust domain.</summary>
    public static SpiffeId Of(TrustDomain domain) => SpiffeId.ForWorkload(domain, Namespace, ServiceAccount);

    /// <summary>Whether an identity is a control plane's.</summary>
    public static bool Is(SpiffeId id) => Is(id.Namespace, id.ServiceAccount);

    /// <summary>Whether a service account is a control plane's.</summary>
    public static bool Is(string? ns, string? serviceAccount) => ns == Namespace && serviceAccount == ServiceAccount;
}
