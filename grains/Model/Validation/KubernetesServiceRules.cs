using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of a Kubernetes Service.</summary>
internal static class KubernetesServiceRules
{
    public static void Check(KubernetesService service, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckLabels(service.Selector, spec.At("selector"), report);
        if (service.Type is not ("" or "ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            report.Error(
                spec.At("type"),
                $"\"{service.Type}\" is none of ClusterIP, NodePort, LoadBalancer, ExternalName");
        }

        report.ErrorIf(
            service is { Type: "ExternalName", ExternalName: "" }, spec.At("externalName"), "an ExternalName service needs a name");
        if (service.ClusterIp is not ("" or "None") && !ValueRules.IsAddress(service.ClusterIp))
        {
            report.Error(spec.At("clusterIP"), $"\"{service.ClusterIp}\" is not a valid IP address");
        }

        report.ErrorIf(
            service.Ports.IsEmpty && service.ClusterIp != "None" && service.Type != "ExternalName",
            spec.At("ports"),
            "a service must have at least one port");
        CheckPorts(service, spec.At("ports"), report);
    }

    private static void CheckPorts(KubernetesService service, FieldPath path, RuleReport report)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, port) in service.Ports.Index())
        {
            var at = path.At(i);
            ValueRules.CheckPort(port.Port, at.At("port"), report);
            ValueRules.CheckPort(port.TargetPort, at.At("targetPort"), report);
            if (port.Protocol is not ("" or "TCP" or "UDP" or "SCTP"))
            {
                report.Error(at.At("protocol"), $"\"{port.Protocol}\" is none of TCP, UDP, SCTP");
            }

            if (port.TargetPortName.Length > 0 && !port.TargetPortName.Any(char.IsAsciiLetter))
            {
                report.Error(
                    at.At("targetPort"),
                    $"\"{port.TargetPortName}\" is no port name: a number is written without quotes");
            }

            report.ErrorIf(
                service.Ports.Length > 1 && port.Name.Length == 0,
                at.At("name"),
                "ports need names when there are several");
            report.ErrorIf(
                port.Name.Length > 0 && !names.Add(port.Name),
                at.At("name"),
                $"port name \"{port.Name}\" is there twice");
        }
    }
}
