using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>Where a rule of the Gateway API leads, with its share.</summary>
public sealed record BackendReference
{
    /// <summary>The group of its kind; empty is that of Service.</summary>
    public string Group { get; init; } = "";

    /// <summary>Its kind; Service when the manifest named none.</summary>
    public string Kind { get; init; } = "Service";

    /// <summary>Its namespace; empty means the route's own.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Its name; empty when the manifest named none.</summary>
    public string Name { get; init; } = "";

    /// <summary>The port of the Service; null when the manifest named none.</summary>
    public int? Port { get; init; }

    /// <summary>Its share relative to the other backends' weights.</summary>
    /// <value>1 by default; 0 gets nothing.</value>
    public int Weight { get; init; } = 1;

    /// <summary>What is changed on this way only.</summary>
    public ImmutableArray<RequestFilter> Filters { get; init; } = [];

    /// <summary>Whether it is a Service, the only kind of backend that is known here.</summary>
    public bool IsService => Kind is "Service" && Group is "" or "core";
}
