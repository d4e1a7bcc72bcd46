using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of ports with name and protocol.</summary>
internal static class PortRules
{
    private static readonly HashSet<string> Protocols = new(StringComparer.OrdinalIgnoreCase)
    {
        "HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "TCP", "TLS", "MONGO", "MYSQL", "REDIS", "UDP",
    };

    public static void Check(NamedPort port, FieldPath path, bool needsName, RuleReport report)
    {
        ValueRules.CheckPort(port.Number, path.At("number"), report);
        ValueRules.CheckPort(port.TargetPort, path.At("targetPort"), report);
        if (port.Name.Length == 0) report.ErrorIf(needsName, path.At("name"), "port name must be set");
        else if (!HostRules.IsHost(port.Name)) report.Error(path.At("name"), $"invalid port name \"{port.Name}\"");
        if (port.Protocol.Length > 0 && !Protocols.Contains(port.Protocol))
        {
            report.Error(path.At("protocol"), $"unsupported protocol \"{port.Protocol}\"");
        }
    }

    public static bool Is(NamedPort port, params ReadOnlySpan<string> protocols)
    {
        foreach (var protocol in protocols)
        {
            if (protocol.Equals(port.Protocol, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
