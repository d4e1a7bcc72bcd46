using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>How the control plane fetches the keys of issuers (<c>issuerKeys</c> of MeshConfig).</summary>
public sealed record IssuerKeySettings
{
    /// <summary>What holds when nothing is said.</summary>
    public static IssuerKeySettings Default { get; } = new();

    /// <summary>Whether keys may be fetched without TLS; null means no.</summary>
    public bool? AllowHttp { get; init; }

    /// <summary>
    /// Who may be called although the address is not one of the public Internet: addresses, blocks of addresses, host
    /// names, and <c>*.suffix</c> for all names below one. A name stands for whatever addresses it has.
    /// </summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>How often keys are fetched again; null means 20 minutes.</summary>
    public TimeSpan? RefreshInterval { get; init; }

    /// <summary>
    /// How long keys are used after they were last fetched, while fetching them again fails; null means 24 hours.
    /// </summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary><see cref="RefreshInterval"/> with its default.</summary>
    public TimeSpan EffectiveRefreshInterval => RefreshInterval ?? TimeSpan.FromMinutes(20);

    /// <summary><see cref="MaxAge"/> with its default.</summary>
    public TimeSpan EffectiveMaxAge => MaxAge ?? TimeSpan.FromHours(24);
}
