using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains.Identity;

/// <summary>How long certificates live. Section <c>Mesh:Authority</c>.</summary>
public sealed class AuthorityOptions
{
    public const string Section = "Mesh:Authority";

    /// <summary>The lifetime of a certificate whose applicant asked for none.</summary>
    /// <value>24 h by default.</value>
    [Range(typeof(TimeSpan), "00:00:05", "120.00:00:00")]
    public TimeSpan DefaultLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// The longest lifetime; whoever asks for more gets this. It is less than what is left of the signing certificate
    /// when that is renewed, so none is cut short.
    /// </summary>
    /// <value>90 days by default.</value>
    [Range(typeof(TimeSpan), "00:00:05", "120.00:00:00")]
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How far validity starts before issuance, for peers whose clocks are behind; never more than a tenth of the
    /// lifetime, so that a short certificate is not half over when it is issued.
    /// </summary>
    /// <value>5 min by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Backdate { get; set; } = TimeSpan.FromMinutes(5);
}

[OptionsValidator]
internal sealed partial class AuthorityOptionsValidator : IValidateOptions<AuthorityOptions>;
