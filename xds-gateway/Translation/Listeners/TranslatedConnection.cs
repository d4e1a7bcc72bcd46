using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>One condition on connections of a VirtualService and what became of it.</summary>
/// <param name="Source">The VirtualService; null for what the service itself is without one.</param>
/// <param name="Kind"><c>tls</c> or <c>tcp</c>; empty without a VirtualService.</param>
/// <param name="Rule">The rule's place among those of its kind, from 0.</param>
/// <param name="Match">The condition's place in the rule, from 0; null for a rule without conditions.</param>
internal sealed record TranslatedConnection(Sourced<VirtualService>? Source, string Kind, int Rule, int? Match)
{
    /// <summary>The route; null when the proxy gets none.</summary>
    public TcpRoute? Route { get; init; }

    /// <summary>Why it gets none, as half a sentence; empty when it gets one.</summary>
    public string Exclusion { get; init; } = "";

    /// <summary>Its place, e.g. <c>tls[0].match[1]</c>; empty without a VirtualService.</summary>
    public string Place => Source is null ? ""
        : Source.Resource.Spec is AttachedRoute ? "rules[0]" // of such a route only the first rule ever counts
        : Match is { } match ? $"{Kind}[{Rule}].match[{match}]" : $"{Kind}[{Rule}]";

    /// <summary>The way of a service of which no rule speaks.</summary>
    public static TranslatedConnection OfService(TcpRoute route) => new(null, "", 0, null) { Route = route };
}
