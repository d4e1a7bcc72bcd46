using System.Collections.Immutable;

namespace MeshOrleans.Grains.Workloads;

/// <summary>
/// What a member says of itself when it joins. The fields mean what <c>Model.Topology.Workload</c> says.
/// </summary>
[GenerateSerializer, Immutable, Alias("mesh.WorkloadRegistration")]
public sealed record WorkloadRegistration
{
    /// <summary>The literal IP address its peers dial.</summary>
    [Id(0)] public required string Address { get; init; }

    /// <summary>Its ports by name.</summary>
    [Id(1)] public ImmutableDictionary<string, int> Ports { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Workload port to the port its sidecar listens on.</summary>
    [Id(2)] public ImmutableDictionary<int, int> InboundPorts { get; init; } = ImmutableDictionary<int, int>.Empty;

    /// <summary>Labels that selectors match.</summary>
    [Id(3)] public ImmutableDictionary<string, string> Labels { get; init; } =
        ImmutableDictionary<string, string>.Empty;

    /// <summary>region/zone/sub-zone.</summary>
    [Id(4)] public string Locality { get; init; } = "";

    /// <summary>The network; empty for the default one.</summary>
    [Id(5)] public string Network { get; init; } = "";

    /// <summary>The service account; the caller must have proved that it owns it.</summary>
    [Id(6)] public required string ServiceAccount { get; init; }

    /// <summary>Share of load, 1 or more.</summary>
    [Id(7)] public int Weight { get; init; } = 1;

    /// <summary>The WorkloadGroup it came from.</summary>
    [Id(8)] public string Group { get; init; } = "";

    /// <summary>How long it stays healthy without renewal. 1 s to 1 h.</summary>
    [Id(9)] public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>True when a sidecar terminates mesh mTLS for it.</summary>
    [Id(10)] public bool HasSidecar { get; init; }

    /// <summary>The SPIFFE ID its peers demand; empty when it has no sidecar.</summary>
    [Id(11)] public string SpiffeId { get; init; } = "";
}

/// <summary>What became of a registration.</summary>
[GenerateSerializer, Immutable, Alias("mesh.RegisterResult")]
public abstract record RegisterResult
{
    private RegisterResult()
    {
    }

    /// <summary>It is a member.</summary>
    /// <param name="Created">False when it was one already.</param>
    /// <param name="Lease">The period within which it must renew.</param>
    [GenerateSerializer, Immutable, Alias("mesh.RegisterResult.Registered")]
    public sealed record Registered([property: Id(0)] bool Created, [property: Id(1)] TimeSpan Lease) : RegisterResult;

    /// <summary>The name belongs to a member with another service account.</summary>
    /// <param name="Owner">The service account that holds it.</param>
    [GenerateSerializer, Immutable, Alias("mesh.RegisterResult.Taken")]
    public sealed record Taken([property: Id(0)] string Owner) : RegisterResult;

    /// <summary>The registration itself is wrong.</summary>
    /// <param name="Path">The field.</param>
    /// <param name="Message">What is wrong with it.</param>
    [GenerateSerializer, Immutable, Alias("mesh.RegisterResult.Invalid")]
    public sealed record Invalid([property: Id(0)] string Path, [property: Id(1)] string Message) : RegisterResult;
}

/// <summary>A member as it stands.</summary>
/// <param name="Registration">What it said of itself.</param>
/// <param name="Health">Healthy, Unhealthy or Draining.</param>
/// <param name="HealthDetail">Why it is not healthy; empty when it is.</param>
/// <param name="RegisteredAt">When it joined.</param>
/// <param name="RenewedAt">When its lease last started.</param>
[GenerateSerializer, Immutable, Alias("mesh.WorkloadView")]
public sealed record WorkloadView(
    [property: Id(0)] WorkloadRegistration Registration,
    [property: Id(1)] string Health,
    [property: Id(2)] string HealthDetail,
    [property: Id(3)] DateTimeOffset RegisteredAt,
    [property: Id(4)] DateTimeOffset RenewedAt);
