namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>Pods: what they refer to is defined, and they run with no more rights than they need.</summary>
internal static class KubernetesPodRules
{
    public static IEnumerable<string> Check(KubernetesObjects objects, Images images, KubernetesObject workload) =>
    [
        .. CheckSelectors(objects, workload),
        .. CheckPod(objects, workload),
        .. CheckVolumes(objects, workload),
        .. workload.Containers.SelectMany(c => CheckHardening(workload, c)),
        .. workload.Containers.SelectMany(c => KubernetesContainerRules.Check(objects, images, workload, c)),
    ];

    private static IEnumerable<string> CheckSelectors(KubernetesObjects objects, KubernetesObject workload)
    {
        var own = workload.Pod["topologySpreadConstraints"].Items.Select(c => c["labelSelector"]["matchLabels"])
            .Append(workload.Spec["selector"]["matchLabels"]);
        if (own.Any(labels => !objects.Selected(labels).Contains(workload)))
        {
            yield return $"{workload.Where}: a selector of it does not take its own pods";
        }
    }

    private static IEnumerable<string> CheckPod(KubernetesObjects objects, KubernetesObject workload)
    {
        var (where, pod) = (workload.Where, workload.Pod);
        var account = pod["serviceAccountName"].Text;
        if (objects.Find("ServiceAccount", account) is null)
        {
            yield return $"{where}: there is no ServiceAccount {account}";
        }

        // Kubernetes turns a Service mesh-xds into the variable MESH_XDS_PORT=tcp://..., which is a flag of ours.
        if (pod["enableServiceLinks"].Text != "false") yield return $"{where}: Services become variables";
        if (pod["automountServiceAccountToken"].Text != "false")
        {
            yield return $"{where}: gets a token it has no use for";
        }

        if (pod["securityContext"]["runAsNonRoot"].Text != "true") yield return $"{where}: may run as root";
        if (!pod["terminationGracePeriodSeconds"].Exists) yield return $"{where}: says not how long it may drain";
    }

    private static IEnumerable<string> CheckVolumes(KubernetesObjects objects, KubernetesObject workload)
    {
        var volumes = workload.Pod["volumes"].Items.ToArray();
        foreach (var mount in workload.Containers.SelectMany(c => c["volumeMounts"].Items).Select(m => m["name"].Text))
        {
            if (!volumes.Any(v => v["name"].Text == mount))
            {
                yield return $"{workload.Where}: volume {mount} is not defined";
            }
        }

        foreach (var volume in volumes)
        {
            var (kind, source, nameKey) = volume["secret"].Exists
                ? ("Secret", volume["secret"], "secretName")
                : ("ConfigMap", volume["configMap"], "name");
            if (!source.Exists) continue;
            foreach (var key in source["items"].Items.Select(i => i["key"].Text).DefaultIfEmpty(""))
            {
                if (KubernetesReferences.FindFault(objects, kind, source[nameKey].Text, key) is { } fault)
                {
                    yield return $"{workload.Where}: {fault}";
                }
            }
        }
    }

    private static IEnumerable<string> CheckHardening(KubernetesObject workload, Yaml container)
    {
        var where = $"{workload.Where}, container {container["name"].Text}";
        var context = container["securityContext"];
        if (context["readOnlyRootFilesystem"].Text != "true") yield return $"{where}: may write to its image";
        if (context["allowPrivilegeEscalation"].Text != "false") yield return $"{where}: may gain rights";
        if (!context["capabilities"]["drop"].Texts.Contains("ALL")) yield return $"{where}: keeps capabilities";
        if (!container["resources"]["requests"]["memory"].Exists) yield return $"{where}: asks for no memory";
        if (!container["resources"]["limits"]["memory"].Exists) yield return $"{where}: has no memory limit";
    }
}
