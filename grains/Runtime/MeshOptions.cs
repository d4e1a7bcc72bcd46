using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains;

/// <summary>What all of a mesh's grains know of it. Section <c>Mesh</c>.</summary>
public sealed class MeshOptions
{
    public const string Section = "Mesh";

    /// <summary>
    /// The trust domain of every identity in this mesh. It must not change once the authority exists.
    /// </summary>
    /// <value><c>cluster.local</c> by default.</value>
    [Required]
    [RegularExpression("^[a-z0-9._-]{1,255}$", ErrorMessage = "{0} must be 1 to 255 of a-z, 0-9, '.', '_', '-'.")]
    public string TrustDomain { get; set; } = "cluster.local";

    /// <summary>The namespace of the control plane itself.</summary>
    /// <value><c>istio-system</c> by default.</value>
    [Required]
    public string RootNamespace { get; set; } = "istio-system";
}

[OptionsValidator]
internal sealed partial class MeshOptionsValidator : IValidateOptions<MeshOptions>;
