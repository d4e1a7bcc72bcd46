using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>
/// Reads the kinds of Kubernetes as far as the mesh uses them. Their other fields are accepted by name and kept in the
/// document.
/// </summary>
internal static class KubernetesReader
{
    public static KubernetesService Service(ObjectReader reader)
    {
        reader.Accept(
            "allocateLoadBalancerNodePorts",
            "clusterIPs",
            "externalIPs",
            "externalTrafficPolicy",
            "healthCheckNodePort",
            "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP",
            "loadBalancerSourceRanges", "sessionAffinity", "sessionAffinityConfig");
        return new KubernetesService
        {
            Selector = reader.TextMap("selector"),
            Ports = reader.List("ports", ServicePort),
            ClusterIp = reader.Text("clusterIP"),
            Type = reader.Text("type"),
            ExternalName = reader.Text("externalName"),
            PublishNotReadyAddresses = reader.Flag("publishNotReadyAddresses"),
            TrafficDistribution = reader.Text("trafficDistribution"),
        };
    }

    public static KubernetesDeployment Deployment(ObjectReader reader)
    {
        reader.Accept("strategy", "minReadySeconds", "revisionHistoryLimit", "paused", "progressDeadlineSeconds");
        var replicas = reader.Integer("replicas");
        var selector = reader.Object("selector", inner =>
        {
            inner.Accept("matchExpressions");
            return CommonReader.MatchLabels(inner);
        });
        var template = reader.Object("template", Template) ?? new KubernetesDeployment();
        return template with { Replicas = replicas, Selector = selector?.MatchLabels ?? EmptyMap.Text };
    }

    public static Namespace Namespace(ObjectReader reader)
    {
        reader.Accept("finalizers");
        return new Namespace();
    }

    private static KubernetesServicePort ServicePort(ObjectReader reader)
    {
        reader.Accept("nodePort");
        var isNamed = reader.IsText("targetPort");
        return new KubernetesServicePort
        {
            Name = reader.Text("name"),
            Port = reader.Integer("port") ?? 0,
            TargetPort = isNamed ? null : reader.Integer("targetPort"),
            TargetPortName = isNamed ? reader.Text("targetPort") : "",
            Protocol = reader.Text("protocol"),
            AppProtocol = reader.Text("appProtocol"),
        };
    }

    private static KubernetesDeployment Template(ObjectReader reader)
    {
        var metadata = reader.Object("metadata", inner =>
        {
            inner.Accept("name", "namespace", "creationTimestamp", "finalizers");
            return new TemplateMetadata(inner.TextMap("labels"), inner.TextMap("annotations"));
        });
        var pod = reader.Object("spec", Pod) ?? new KubernetesDeployment();
        return metadata is null
            ? pod
            : pod with { TemplateLabels = metadata.Labels, TemplateAnnotations = metadata.Annotations };
    }

    private static KubernetesDeployment Pod(ObjectReader reader)
    {
        reader.Accept(
            "activeDeadlineSeconds",
            "affinity",
            "automountServiceAccountToken",
            "dnsConfig",
            "dnsPolicy",
            "enableServiceLinks",
            "ephemeralContainers", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname",
            "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead", "preemptionPolicy",
            "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy",
            "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
            "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "tolerations",
            "topologySpreadConstraints", "volumes");
        return new KubernetesDeployment
        {
            Containers = reader.List("containers", Container),
            ServiceAccountName = reader.Text("serviceAccountName"),
        };
    }

    private static KubernetesContainer Container(ObjectReader reader)
    {
        reader.Accept(
            "args", "command", "env", "envFrom", "imagePullPolicy", "lifecycle", "livenessProbe", "readinessProbe",
            "resizePolicy", "resources", "restartPolicy", "securityContext", "startupProbe", "stdin", "stdinOnce",
            "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir");
        return new KubernetesContainer(reader.Text("name"), reader.Text("image"), reader.List("ports", ContainerPort));
    }

    private static KubernetesContainerPort ContainerPort(ObjectReader reader)
    {
        reader.Accept("hostIP", "hostPort");
        return new KubernetesContainerPort(
            reader.Text("name"), reader.Integer("containerPort") ?? 0, reader.Text("protocol"));
    }

    private sealed record TemplateMetadata(
        ImmutableSortedDictionary<string, string> Labels,
        ImmutableSortedDictionary<string, string> Annotations);
}
