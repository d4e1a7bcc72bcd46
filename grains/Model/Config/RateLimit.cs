using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>
/// How many requests workloads take (mesh.orleans.io/v1). Each proxy counts by itself, in front of its workload.
/// </summary>
public sealed record RateLimit : ConfigSpec
{
    /// <summary>
    /// The workloads it is for; null means all of the namespace, or of the mesh in the root namespace.
    /// </summary>
    public WorkloadSelector? Selector { get; init; }

    /// <summary>Whether it only counts what it would refuse.</summary>
    public bool DryRun { get; init; }

    /// <summary>The limits; a request has to be within each that applies to it.</summary>
    public ImmutableArray<RateLimitRule> Rules { get; init; } = [];
}

/// <summary>One limit.</summary>
public sealed record RateLimitRule
{
    /// <summary>Which requests it is for, as an AuthorizationPolicy says it; nothing means all.</summary>
    public AuthorizationRule Match { get; init; } = new();

    /// <summary>How many requests an interval brings; from 1 to 1,000,000.</summary>
    public int? Requests { get; init; }

    /// <summary>The interval; from 1 ms to one day.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>
    /// How many may come at once after a rest; null means <see cref="Requests"/>. At most 100 times as many.
    /// </summary>
    public int? Burst { get; init; }

    /// <summary>What requests are counted by; none counts all together.</summary>
    public ImmutableArray<RateLimitKey> Keys { get; init; } = [];
}

/// <summary>A property of requests of which every value has a count of its own; one of the three is given.</summary>
/// <param name="Header">The name of a header; empty when it is none. Requests without it share one count.</param>
/// <param name="Path">The path without query.</param>
/// <param name="Identity">The caller's proven identity. Callers without one share one count.</param>
public sealed record RateLimitKey(string Header, bool Path, bool Identity);
