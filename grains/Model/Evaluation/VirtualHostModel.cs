using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>The routes of a set of host names.</summary>
/// <param name="Name">The name that logs show, e.g. <c>cart.shop.svc.cluster.local:80</c>.</param>
/// <param name="Domains">Exact names, networks, <c>*.suffix</c>, <c>prefix.*</c> or <c>*</c>.</param>
/// <param name="Routes">In the order in which they are asked.</param>
public sealed record VirtualHostModel(string Name, ImmutableArray<string> Domains, ImmutableArray<RouteModel> Routes)
{
    /// <summary>How much of a request's body is remembered unless something else is said: 64 KiB.</summary>
    public const int DefaultBodyLimit = 64 * 1024;

    /// <summary>How much of a request's body is remembered, in bytes, to be sent again or copied.</summary>
    /// <value>64 KiB by default. What is longer is sent once, and not copied.</value>
    public int BodyLimit { get; init; } = DefaultBodyLimit;

    /// <summary>Header changes for every route of this host; they run after the route's.</summary>
    public HeaderOperations RequestHeaders { get; init; } = HeaderOperations.None;

    /// <summary>Header changes for every route of this host; they run after the route's.</summary>
    public HeaderOperations ResponseHeaders { get; init; } = HeaderOperations.None;

    /// <summary>Tell the upstream, by <c>x-envoy-attempt-count</c>, which try this is.</summary>
    public bool IncludeAttemptCount { get; init; }

    /// <summary>It stands for hosts that are not known yet: they are asked for before its routes count.</summary>
    public bool IsOnDemand { get; init; }
}
