namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>Through which door a request came.</summary>
internal enum ListenerRole
{
    Admin,
    Status,
    Metrics,
}

/// <summary>Marks a connection with its door.</summary>
internal sealed record ListenerMark(ListenerRole Role);
