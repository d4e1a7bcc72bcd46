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

    /// <summary>The most that <see cref="MaxLifetime"/> was before it could be set: assumed where nobody has noted any.</summary>
    public static readonly TimeSpan FormerMaxLifetime = TimeSpan.FromDays(90);

    /// <summary>
    /// The longest lifetime; whoever asks for more gets this, and a root that is followed by another one stays as long. It is
    /// less than what is left of the signing certificate when that is renewed, so none is cut short.
    /// </summary>
    /// <value>24 h by default; the default lifetime where that is longer.</value>
    [Range(typeof(TimeSpan), "00:00:05", "120.00:00:00")]
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How far validity starts before issuance, for peers whose clocks are behind; never more than a tenth of the
    /// lifetime, so that a short certificate is not half over when it is issued.
    /// </summary>
    /// <value>5 min by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Backdate { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many certificates a node of an identity may have signed at once, as when it is restarted again and again.</summary>
    /// <value>20 by default.</value>
    [Range(1, 10_000)]
    public int IssueBurst { get; set; } = 20;

    /// <summary>
    /// After how long a node of an identity may have one more signed; a quarter of <see cref="DefaultLifetime"/> where that is
    /// shorter. The first one after a rotation, of certificates or of roots, does not count.
    /// </summary>
    /// <value>10 s by default; zero for no limit.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan IssueInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The keys that the authority makes for itself.</summary>
    /// <value>P-256 by default.</value>
    public AuthorityKeyType KeyType { get; set; } = AuthorityKeyType.P256;

    /// <summary>
    /// How long the next root is in every bundle before anything is signed under it, at the least: linked meshes and
    /// whoever reads roots from files acknowledge nothing.
    /// </summary>
    /// <value>1 min by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan PublishFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the proxies that do not have the next root yet are waited for, at the most.</summary>
    /// <value>10 min by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan PublishPatience { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long the former root stays after the last certificate under it has ended, for clocks that differ.
    /// </summary>
    /// <value>5 min by default.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan RetireGrace { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary>The kinds of keys that an authority makes for itself.</summary>
public enum AuthorityKeyType
{
    /// <summary>ECDSA on P-256.</summary>
    P256,

    /// <summary>ECDSA on P-384.</summary>
    P384,

    /// <summary>RSA of 2048 bits.</summary>
    Rsa2048,

    /// <summary>RSA of 4096 bits.</summary>
    Rsa4096,
}

[OptionsValidator]
internal sealed partial class AuthorityOptionsValidator : IValidateOptions<AuthorityOptions>;
