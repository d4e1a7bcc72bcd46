using System.Collections.Immutable;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>The body of <c>POST /v1/workloads</c>.</summary>
public sealed record WorkloadRequest
{
    public string Namespace { get; init; } = "default";

    public string Name { get; init; } = "";

    public string Address { get; init; } = "";

    public ImmutableDictionary<string, int> Ports { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Workload port to the port its sidecar listens on; only without transparent capture.</summary>
    public ImmutableDictionary<int, int> InboundPorts { get; init; } = ImmutableDictionary<int, int>.Empty;

    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    public string Locality { get; init; } = "";

    public string Network { get; init; } = "";

    public string ServiceAccount { get; init; } = "default";

    public int Weight { get; init; } = 1;

    public string Group { get; init; } = "";

    public double LeaseSeconds { get; init; } = 30;

    /// <summary>A PKCS#10 request (PEM); when given, the answer carries the certificate.</summary>
    public string Csr { get; init; } = "";

    /// <summary>By what a repetition of this request is known: everything that is in it.</summary>
    internal string Claim => JoinTokens.ClaimOf(
        Namespace,
        Name,
        Address,
        ListOf(Ports),
        ListOf(InboundPorts),
        ListOf(Labels),
        Locality,
        Network,
        ServiceAccount,
        $"{Weight}",
        Group,
        $"{LeaseSeconds:R}",
        Csr);

    /// <summary>The registration that the workload's grain receives.</summary>
    public WorkloadRegistration ToRegistration() => new()
    {
        Address = Address,
        Ports = Ports,
        InboundPorts = InboundPorts,
        Labels = Labels,
        Locality = Locality,
        Network = Network,
        ServiceAccount = ServiceAccount,
        Weight = Weight,
        Group = Group,
        Lease = TimeSpan.FromSeconds(Math.Clamp(LeaseSeconds, 0, 1_000_000)),
    };

    private static string ListOf<TKey, TValue>(ImmutableDictionary<TKey, TValue> pairs)
        where TKey : notnull =>
        JoinTokens.ListOf([.. pairs.Select(pair => JoinTokens.ListOf($"{pair.Key}", $"{pair.Value}"))
            .Order(StringComparer.Ordinal)]);
}
