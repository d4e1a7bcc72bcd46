namespace MeshOrleans.Model.Config;

/// <summary>Where a request is sent.</summary>
/// <param name="Host">The service, as written: a short name belongs to the namespace of the resource.</param>
/// <param name="Subset">A subset that a DestinationRule defines; empty means all of the service.</param>
/// <param name="Port">The port; null means the service's only port, or the listener's.</param>
public sealed record Destination(string Host, string Subset, PortSelector? Port)
{
    /// <summary>Stands for a backend of the Gateway API that there is not: no host has such a name.</summary>
    public static Destination Unresolved { get; } = new("unresolved.~", "", null);
}
