using System.Collections.Immutable;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>Where the model in use comes from.</summary>
internal enum ConfigSource
{
    None,
    LastGood,
    ControlPlane,
}

/// <summary>What is known of one type of resources.</summary>
/// <param name="Version">The version that the control plane gave the last accepted response.</param>
/// <param name="AcceptedAt">When that was.</param>
/// <param name="Refusal">Why a later response was refused; null when none was.</param>
/// <param name="Refusals">How often a response was refused since the start.</param>
internal sealed record TypeStatus(string Version, DateTimeOffset? AcceptedAt, string? Refusal, int Refusals);

/// <summary>What the admin interface, the metrics and readiness say of the configuration. Immutable.</summary>
/// <param name="Source">Where the model in use comes from.</param>
/// <param name="ConfirmedAt">When the control plane last stood behind it.</param>
/// <param name="Gateway">The gateway that the stream leads to; null when there is none.</param>
/// <param name="Types">By type URL.</param>
/// <param name="Warming">What waits for its routes or endpoints.</param>
internal sealed record ConfigStatus(
    ConfigSource Source,
    DateTimeOffset? ConfirmedAt,
    string? Gateway,
    ImmutableSortedDictionary<string, TypeStatus> Types,
    ImmutableArray<string> Warming)
{
    public static ConfigStatus Nothing { get; } =
        new(ConfigSource.None, null, null, ImmutableSortedDictionary<string, TypeStatus>.Empty, []);

    /// <summary>How long nobody has stood behind the model; zero while connected, null without a model.</summary>
    public TimeSpan? Age(DateTimeOffset now) =>
        Source is ConfigSource.None || ConfirmedAt is not { } at ? null
        : Gateway is not null && Source is ConfigSource.ControlPlane ? TimeSpan.Zero
        : now - at;
}
