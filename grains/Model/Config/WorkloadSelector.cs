using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Selects workloads of the resource's namespace by label.</summary>
/// <param name="MatchLabels">All of them must be equal; none selects every workload.</param>
public sealed record WorkloadSelector(ImmutableSortedDictionary<string, string> MatchLabels);

/// <summary>Names the resource that a policy is attached to.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Name">Name.</param>
/// <param name="Namespace">Namespace; empty means the policy's own.</param>
public sealed record PolicyTarget(string Group, string Kind, string Name, string Namespace);
