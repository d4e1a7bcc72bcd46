using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Xds.Translation.Origins;

/// <summary>A resource that might have counted.</summary>
/// <param name="Key">Which.</param>
/// <param name="Counts">Whether it does.</param>
/// <param name="Reason">Why it does or does not, as half a sentence.</param>
public sealed record Candidate(ConfigKey Key, bool Counts, string Reason);

/// <summary>One HTTP condition of a VirtualService.</summary>
/// <param name="Rule">The rule's place among the HTTP rules, from 0.</param>
/// <param name="Match">The condition's place in the rule, from 0; null for a rule without conditions.</param>
/// <param name="Name">The rule's name; may be empty.</param>
/// <param name="Exclusion">Why the scope gets no route for it; empty when it gets one.</param>
/// <param name="Source">The rule of the Gateway API that it stands for; null when there is none.</param>
public sealed record RuleOrigin(int Rule, int? Match, string Name, string Exclusion, RouteOrigin? Source)
{
    /// <summary>The VirtualService, where several are asked; null where one alone is.</summary>
    public ConfigKey? Owner { get; init; }
}

/// <summary>One condition on connections whose bytes are carried.</summary>
/// <param name="Owner">The resource that says it; null for the way of a service of which none speaks.</param>
/// <param name="Place">Its place in there, e.g. <c>tls[0].match[1]</c>; empty without one.</param>
/// <param name="Networks">The addresses for which it is; none for any.</param>
/// <param name="ServerNames">The names of handshakes for which it is, in lower case; none for any.</param>
/// <param name="Sources">The addresses from which it is; none for any.</param>
/// <param name="Exclusion">Why the scope gets no chain for it; empty when it gets one.</param>
public sealed record ConnectionOrigin(
    ConfigKey? Owner,
    string Place,
    ImmutableArray<string> Networks,
    ImmutableArray<string> ServerNames,
    ImmutableArray<string> Sources,
    string Exclusion)
{
    /// <summary>The service whose condition it is, where several are asked; empty where one alone is, and at gateways.</summary>
    public string Host { get; init; } = "";
}

/// <summary>An AuthorizationPolicy that might concern a workload.</summary>
/// <param name="Key">Which.</param>
/// <param name="Action">What it does with requests that it matches.</param>
/// <param name="IsOnTrial">It is evaluated and reported, and decides nothing.</param>
/// <param name="Rules">The names by which proxies know its rules, in their order.</param>
/// <param name="Exclusion">Why it does not concern the workload; empty when it does.</param>
/// <param name="Provider">Whom a CUSTOM policy asks; null for others.</param>
public sealed record PolicyOrigin(
    ConfigKey Key,
    AuthorizationAction Action,
    bool IsOnTrial,
    ImmutableArray<string> Rules,
    string Exclusion,
    string? Provider);
