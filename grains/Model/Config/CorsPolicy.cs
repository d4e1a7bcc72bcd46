using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>What happens to a preflight whose origin is not allowed.</summary>
public enum UnmatchedPreflights
{
    /// <summary>As the default: <see cref="Forward"/>.</summary>
    Unspecified,

    /// <summary>It is forwarded to the application.</summary>
    Forward,

    /// <summary>It is answered without cross-origin headers.</summary>
    Ignore,
}

/// <summary>Cross-origin rules: a preflight from an allowed origin is answered by the proxy.</summary>
public sealed record CorsPolicy
{
    /// <summary>Origins that are allowed.</summary>
    public ImmutableArray<StringMatch> AllowOrigins { get; init; } = [];

    /// <summary>Methods that are allowed.</summary>
    public ImmutableArray<string> AllowMethods { get; init; } = [];

    /// <summary>Request headers that are allowed.</summary>
    public ImmutableArray<string> AllowHeaders { get; init; } = [];

    /// <summary>Response headers that scripts may read.</summary>
    public ImmutableArray<string> ExposeHeaders { get; init; } = [];

    /// <summary>How long the answer may be remembered, in whole seconds; null leaves it out.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Whether credentials may be sent; null leaves it out.</summary>
    public bool? AllowCredentials { get; init; }

    /// <summary>What happens to other preflights.</summary>
    public UnmatchedPreflights UnmatchedPreflights { get; init; }
}
