using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of WorkloadEntry and WorkloadGroup.</summary>
internal static class WorkloadRules
{
    public const string UnixScheme = "unix://";

    public static void CheckEntry(WorkloadEntry entry, FieldPath path, RuleReport report)
    {
        if (entry.Address.Length == 0)
        {
            report.ErrorIf(entry.Network.Length == 0, path.At("address"), "address is required");
        }
        else if (entry.Address.StartsWith(UnixScheme, StringComparison.Ordinal)) CheckSocket(entry, path, report);
        else if (!ValueRules.IsAddress(entry.Address)) HostRules.Check(entry.Address, path.At("address"), report);

        CheckMembers(entry, path, report);
    }

    public static void CheckGroup(WorkloadGroup group, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckLabels(group.Labels, spec.At("metadata").At("labels"), report);
        if (group.Template is null) report.Error(spec.At("template"), "template is required");
        else CheckMembers(group.Template, spec.At("template"), report);
        if (group.Probe is { } probe) CheckProbe(probe, spec.At("probe"), report);
    }

    private static void CheckSocket(WorkloadEntry entry, FieldPath path, RuleReport report)
    {
        var file = entry.Address[UnixScheme.Length..];
        if (!file.StartsWith('/') && !file.StartsWith('@'))
        {
            report.Error(path.At("address"), $"{entry.Address} is not an absolute path");
        }

        report.ErrorIf(
            !entry.Ports.IsEmpty, path.At("ports"), $"unix endpoint {entry.Address} must not include ports");
    }

    private static void CheckMembers(WorkloadEntry entry, FieldPath path, RuleReport report)
    {
        foreach (var (name, port) in entry.Ports)
        {
            var at = path.At("ports").At(name);
            if (!HostRules.IsHost(name)) report.Error(at, $"invalid port name \"{name}\"");
            ValueRules.CheckPort(port, at, report);
        }

        SelectorRules.CheckLabels(entry.Labels, path.At("labels"), report);
        ValueRules.CheckNotNegative(entry.Weight, path.At("weight"), "weight", report);
    }

    private static void CheckProbe(WorkloadProbe probe, FieldPath path, RuleReport report)
    {
        foreach (var (name, value) in new[]
        {
            ("initialDelaySeconds", probe.InitialDelaySeconds), ("timeoutSeconds", probe.TimeoutSeconds),
            ("periodSeconds", probe.PeriodSeconds), ("successThreshold", probe.SuccessThreshold),
            ("failureThreshold", probe.FailureThreshold),
        })
        {
            ValueRules.CheckNotNegative(value, path.At(name), name, report);
        }

        object?[] methods = [probe.HttpGet, probe.TcpSocket, probe.Exec, probe.Grpc];
        report.ErrorIf(
            methods.Count(method => method is not null) != 1, path, "probe must have one of httpGet, tcpSocket, exec and grpc");
        if (probe.HttpGet is { } http)
        {
            ValueRules.CheckPort(http.Port, path.At("httpGet").At("port"), report);
            if (http.Scheme.ToUpperInvariant() is not ("" or "HTTP" or "HTTPS"))
            {
                report.Error(path.At("httpGet").At("scheme"), "httpGet.scheme must be one of \"http\", \"https\"");
            }
        }

        ValueRules.CheckPort(probe.TcpSocket?.Port, path.At("tcpSocket").At("port"), report);
        ValueRules.CheckPort(probe.Grpc?.Port, path.At("grpc").At("port"), report);
        report.ErrorIf(
            probe.Exec is { Command.IsEmpty: true },
            path.At("exec").At("command"),
            "exec.command is required");
    }
}
