namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>What a route of the Gateway API attaches to: a Gateway, or a Service of the mesh (GAMMA).</summary>
public sealed record ParentReference
{
    /// <summary>The group of the Gateway API.</summary>
    public const string GatewayGroup = "gateway.networking.k8s.io";

    /// <summary>The group of its kind; that of the Gateway API when the manifest named none.</summary>
    public string Group { get; init; } = GatewayGroup;

    /// <summary>Its kind; Gateway when the manifest named none.</summary>
    public string Kind { get; init; } = "Gateway";

    /// <summary>Its namespace; empty means the route's own.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Its name; empty when the manifest named none.</summary>
    public string Name { get; init; } = "";

    /// <summary>The listener of a Gateway, or the port of a Service, by name; empty means all.</summary>
    public string SectionName { get; init; } = "";

    /// <summary>The port of the listener or of the Service; null means all.</summary>
    public int? Port { get; init; }

    /// <summary>The namespace in which a route of a namespace means it.</summary>
    public string NamespaceFrom(string routeNamespace) => Namespace.Length > 0 ? Namespace : routeNamespace;

    /// <summary>Whether it is a Service.</summary>
    public bool IsService => Kind is "Service" && Group is "" or "core";

    /// <summary>Whether it is a Gateway of the Gateway API.</summary>
    public bool IsGateway => Kind is "Gateway" && Group is GatewayGroup;
}
