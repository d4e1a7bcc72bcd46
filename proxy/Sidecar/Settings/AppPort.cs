namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>One port of the application and the port on which its sidecar takes the traffic for it.</summary>
/// <param name="Name">The service port's name, e.g. <c>http</c>.</param>
/// <param name="Port">Where the application listens; policy means this number by "the port".</param>
/// <param name="InboundPort">Where peers connect; 0 = any free one.</param>
internal sealed record AppPort(string Name, int Port, int InboundPort);
