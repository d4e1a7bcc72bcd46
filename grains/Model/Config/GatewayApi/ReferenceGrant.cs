using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>Allows resources of other namespaces to name resources of its own.</summary>
/// <param name="From">Who may.</param>
/// <param name="To">What may be named.</param>
public sealed record ReferenceGrant(ImmutableArray<GrantFrom> From, ImmutableArray<GrantTo> To) : ConfigSpec;

/// <summary>Resources of a kind and a namespace.</summary>
/// <param name="Group">The group of the kind.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Namespace">The namespace.</param>
public sealed record GrantFrom(string Group, string Kind, string Namespace);

/// <summary>Resources of a kind in the grant's namespace.</summary>
/// <param name="Group">The group of the kind; empty is that of Service and Secret.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Name">The one; empty means all.</param>
public sealed record GrantTo(string Group, string Kind, string Name);
