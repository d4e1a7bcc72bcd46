using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains.Identity;

/// <summary>What the authority is made of.</summary>
/// <param name="Keys">Where its keys are kept.</param>
/// <param name="Plugged">The one that somebody else provides.</param>
/// <param name="Mesh">The mesh.</param>
/// <param name="Options">How it works.</param>
internal sealed record AuthorityParts(
    IAuthorityKeyStore Keys, IPluggedAuthority Plugged, IOptions<MeshOptions> Mesh, IOptions<AuthorityOptions> Options);
