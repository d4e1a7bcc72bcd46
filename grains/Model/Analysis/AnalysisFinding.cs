using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>What is wrong between resources that are each right by themselves.</summary>
/// <param name="Resource">The resource that it is told of.</param>
/// <param name="Violation">
/// The finding; its severity is that of an analysis, an error where something that was written does not hold.
/// </param>
/// <param name="Involved">All resources that have to do with it, the one it is told of included.</param>
public sealed record AnalysisFinding(
    ConfigKey Resource, Violation Violation, ImmutableArray<ConfigKey> Involved);
