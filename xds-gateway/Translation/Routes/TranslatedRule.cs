using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>One condition of a VirtualService and what became of it.</summary>
/// <param name="Rule">The rule's place among the HTTP rules, from 0.</param>
/// <param name="Match">The condition's place in the rule, from 0; null for a rule without conditions.</param>
/// <param name="Name">The rule's name; may be empty.</param>
/// <param name="Route">The route; null when the proxy gets none.</param>
/// <param name="Exclusion">Why it gets none, as half a sentence; empty when it gets one.</param>
/// <param name="Origin">The rule of the Gateway API that it stands for; null when there is none.</param>
internal sealed record TranslatedRule(
    int Rule, int? Match, string Name, Route? Route, string Exclusion, RouteOrigin? Origin);
