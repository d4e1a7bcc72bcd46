using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of Gateway.</summary>
internal static class GatewayRules
{
    public static void Check(Gateway gateway, FieldPath spec, RuleReport report)
    {
        report.ErrorIf(gateway.Servers.IsEmpty, spec.At("servers"), "gateway must have at least one server");
        SelectorRules.CheckLabels(gateway.Selector, spec.At("selector"), report);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, server) in gateway.Servers.Index())
        {
            var path = spec.At("servers").At(i);
            Check(server, path, report);
            if (server.Port is { Name.Length: > 0 } port && !names.Add(port.Name))
            {
                report.Error(
                    path.At("port").At("name"),
                    $"port names in servers must be unique: duplicate name {port.Name}");
            }
        }
    }

    private static void Check(GatewayServer server, FieldPath path, RuleReport report)
    {
        report.ErrorIf(server.Hosts.IsEmpty, path.At("hosts"), "server config must contain at least one host");
        foreach (var (i, host) in server.Hosts.Index()) CheckHost(host, path.At("hosts").At(i), report);
        if (server.Bind.Length > 0 && !ValueRules.IsAddress(server.Bind))
        {
            report.Error(path.At("bind"), $"\"{server.Bind}\" is not a valid IP address");
        }

        if (server.Port is null) report.Error(path.At("port"), "port is required");
        else
        {
            PortRules.Check(server.Port, path.At("port"), true, report);
            report.ErrorIf(server.Port.Protocol.Length == 0, path.At("port").At("protocol"), "protocol is required");
            CheckTlsFitsProtocol(server, server.Port, path.At("tls"), report);
        }

        if (server.Tls is { } tls && !(server.Port is not null && IsPlainHttp(server.Port)))
        {
            TlsRules.CheckServer(tls, path.At("tls"), report);
        }
    }

    private static void CheckTlsFitsProtocol(GatewayServer server, NamedPort port, FieldPath path, RuleReport report)
    {
        if (PortRules.Is(port, "HTTPS", "TLS"))
        {
            report.ErrorIf(server.Tls is null, path, "server must have TLS settings for HTTPS/TLS protocols");
        }
        else if (IsPlainHttp(port))
        {
            report.ErrorIf(
                server.Tls?.Mode is not null,
                path,
                "server cannot have TLS settings for plain text HTTP ports");
        }
        else
        {
            report.ErrorIf(server.Tls is not null, path, "server cannot have TLS settings for non HTTPS/TLS ports");
        }
    }

    private static bool IsPlainHttp(NamedPort port) => PortRules.Is(port, "HTTP", "HTTP2", "GRPC", "GRPC-WEB");

    private static void CheckHost(string host, FieldPath path, RuleReport report)
    {
        var slash = host.IndexOf('/');
        if (slash >= 0 && host[..slash] is not ("*" or ".") && !HostRules.IsHost(host[..slash]))
        {
            report.Error(path, $"invalid namespace \"{host[..slash]}\" in host {host}");
        }

        var name = host[(slash + 1)..];
        if (ValueRules.IsAddress(name)) return;
        if (name != "*" && !name.Contains('.')) report.Error(path, $"short names (non FQDN) are not allowed: {host}");
        else HostRules.CheckWildcard(name, path, report);
    }
}
