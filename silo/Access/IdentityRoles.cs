using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Silo.Access;

/// <summary>What a service account of the mesh may do at the API, once it has a certificate.</summary>
internal sealed class IdentityRoles(AccessFile access, IGrainFactory grains)
{
    /// <summary>The rights that the access file gives the identity of a service account.</summary>
    public async Task<AccessRights> OfAsync(string ns, string account, CancellationToken cancellationToken)
    {
        if (access.Current.Bindings.IsEmpty) return AccessRights.None;
        var bundle = await grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default).GetBundleAsync(cancellationToken);
        return access.Current.RightsOf(SpiffeId.ForWorkload(TrustDomain.Parse(bundle.TrustDomain), ns, account));
    }
}
