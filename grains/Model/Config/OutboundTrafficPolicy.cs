namespace MeshOrleans.Model.Config;

/// <summary>What happens to traffic to hosts that the mesh does not know.</summary>
public enum OutboundTrafficMode
{
    /// <summary>It is refused.</summary>
    RegistryOnly,

    /// <summary>It is let through.</summary>
    AllowAny,

    /// <summary>It is resolved and let through.</summary>
    AllowAnyDynamicDns,
}

/// <summary>What happens to traffic to hosts that the mesh does not know.</summary>
/// <param name="Mode">Null when not given: the parent's.</param>
/// <param name="EgressProxy">Sends it there instead.</param>
public sealed record OutboundTrafficPolicy(OutboundTrafficMode? Mode, Destination? EgressProxy);
