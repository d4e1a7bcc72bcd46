using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// Which HealthCheck counts for a port of a service: the rule that the translation goes by and the analysis tells of.
/// </summary>
public static class HealthChecks
{
    /// <summary>
    /// Whether a check can be made on a port: a GET needs a port of HTTP, a call one of gRPC or HTTP/2, a connection
    /// any but one of datagrams.
    /// </summary>
    public static bool Fits(HealthCheck check, ServicePort port) =>
        (check.Port is null || check.Port == port.Number)
        && (check switch
        {
            { Http: not null } => port.Protocol.IsHttp(),
            { Grpc: not null } => port.Protocol.IsHttp2(),
            _ => port.Protocol is not AppProtocol.Udp,
        });

    /// <summary>
    /// The one that counts: of those that fit, one that names the port before one that does not, then the oldest.
    /// </summary>
    /// <param name="oldestFirst">The checks of one namespace for one service.</param>
    /// <param name="port">The port.</param>
    public static HealthCheck? InForce(IEnumerable<HealthCheck> oldestFirst, ServicePort port)
    {
        HealthCheck? ofAllPorts = null;
        foreach (var check in oldestFirst)
        {
            if (!Fits(check, port)) continue;
            if (check.Port is not null) return check;
            ofAllPorts ??= check;
        }

        return ofAllPorts;
    }
}
