using System.Collections.Immutable;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>One thing that is so, or not, about a resource of the Gateway API.</summary>
/// <param name="Type">What: Accepted, ResolvedRefs or Programmed.</param>
/// <param name="Holds">Whether it is so.</param>
/// <param name="Reason">Why, as one of the API's words.</param>
/// <param name="Message">Why, as a sentence.</param>
public sealed record StatusCondition(string Type, bool Holds, string Reason, string Message)
{
    /// <summary>The place to which a route attaches takes it.</summary>
    public const string Accepted = "Accepted";

    /// <summary>Everything that is named exists and may be used.</summary>
    public const string ResolvedRefs = "ResolvedRefs";

    /// <summary>A proxy does what it asks for.</summary>
    public const string Programmed = "Programmed";
}

/// <summary>How a route stands with one of its parents.</summary>
/// <param name="Index">The parent's place among <c>parentRefs</c>, from 0.</param>
/// <param name="Parent">The parent, as written.</param>
/// <param name="Conditions">What is so.</param>
public sealed record ParentStatus(int Index, ParentReference Parent, ImmutableArray<StatusCondition> Conditions)
{
    /// <summary>Why it has no effect there though it is accepted; empty when it has.</summary>
    public string Waits { get; init; } = "";
}
