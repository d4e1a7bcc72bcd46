using MeshOrleans.Model.Topology;

namespace MeshOrleans.Grains.Workloads;

/// <summary>What is saved of a member. Renewals are not: a lease starts afresh with each activation.</summary>
[GenerateSerializer, Immutable, Alias("mesh.WorkloadState")]
internal sealed record WorkloadState : IOwnerState
{
    /// <summary>What it said of itself; null when there is no such member now.</summary>
    [Id(0)] public WorkloadRegistration? Registration { get; init; }

    /// <summary>When it joined.</summary>
    [Id(1)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>It announced that it is about to leave.</summary>
    [Id(2)] public bool Draining { get; init; }

    /// <summary>Its own probe failed.</summary>
    [Id(3)] public bool ProbeFailed { get; init; }

    /// <summary>What the probe said.</summary>
    [Id(4)] public string ProbeDetail { get; init; } = "";

    /// <summary>It has not renewed its lease in time.</summary>
    [Id(5)] public bool LeaseLost { get; init; }

    /// <inheritdoc/>
    [Id(6)] public OwnedEntries Entries { get; init; } = OwnedEntries.Empty;

    /// <summary>
    /// The service account of who was a member until its lease ran out, without anybody having removed it; else empty.
    /// </summary>
    [Id(7)] public string LapsedAccount { get; init; } = "";

    /// <summary>Whether it may be sent traffic.</summary>
    public WorkloadHealth Health() =>
        Draining ? WorkloadHealth.Draining
        : ProbeFailed || LeaseLost ? WorkloadHealth.Unhealthy
        : WorkloadHealth.Healthy;

    /// <summary>Why it may not; empty when it may.</summary>
    public string HealthDetail() =>
        Draining ? "It is leaving."
        : LeaseLost ? "It has not renewed its lease."
        : ProbeFailed ? ProbeDetail
        : "";
}
