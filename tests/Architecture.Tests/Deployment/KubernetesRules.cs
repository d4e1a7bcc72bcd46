using System.Globalization;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>What the Kubernetes manifests name exists, and what selects pods selects some.</summary>
internal static class KubernetesRules
{
    public static IEnumerable<string> Check(KubernetesObjects objects, Images images) =>
    [
        .. CheckNamespaces(objects),
        .. objects.All.SelectMany(o => o.Kind switch
        {
            "Service" => CheckService(objects, o),
            "PodDisruptionBudget" => CheckBudget(objects, o),
            "RoleBinding" or "ClusterRoleBinding" => CheckBinding(objects, o),
            "NetworkPolicy" => CheckPolicy(objects, o),
            "StatefulSet" => CheckStatefulSet(objects, o),
            _ => [],
        }),
        .. objects.Workloads.SelectMany(w => KubernetesPodRules.Check(objects, images, w)),
    ];

    private static IEnumerable<string> CheckNamespaces(KubernetesObjects objects) => objects.All
        .Where(o => o.Kind is not ("Namespace" or "ClusterRole" or "ClusterRoleBinding"))
        .Where(o => objects.Find("Namespace", o.Namespace) is null)
        .Select(o => $"{o.Where}: namespace '{o.Namespace}' is not defined");

    private static IEnumerable<string> CheckService(KubernetesObjects objects, KubernetesObject service)
    {
        var selected = objects.Selected(service.Spec["selector"]).ToArray();
        if (selected.Length == 0) yield return $"{service.Where}: its selector takes no pod";
        foreach (var port in service.Spec["ports"].Items)
        {
            var target = port["targetPort"].Exists ? port["targetPort"].Text : port["port"].Text;
            foreach (var workload in selected.Where(w => !HasPort(w, target)))
            {
                yield return $"{service.Where}: {workload.Where} has no port {target}";
            }
        }
    }

    private static IEnumerable<string> CheckBudget(KubernetesObjects objects, KubernetesObject budget)
    {
        var selected = objects.Selected(budget.Spec["selector"]["matchLabels"]).ToArray();
        if (selected.Length == 0) yield return $"{budget.Where}: its selector takes no pod";
        foreach (var workload in selected)
        {
            var replicas = Number(workload.Spec["replicas"], 1);
            var mayGo = budget.Spec["minAvailable"].Exists
                ? replicas - Number(budget.Spec["minAvailable"], 0)
                : Number(budget.Spec["maxUnavailable"], 0);
            if (mayGo < 1) yield return $"{budget.Where}: no pod of {workload.Where} may ever be moved";
        }
    }

    private static IEnumerable<string> CheckBinding(KubernetesObjects objects, KubernetesObject binding)
    {
        foreach (var other in binding.Yaml["subjects"].Items.Append(binding.Yaml["roleRef"]))
        {
            var (kind, name) = (other["kind"].Text, other["name"].Text);
            if (objects.Find(kind, name) is null) yield return $"{binding.Where}: there is no {kind} {name}";
        }
    }

    private static IEnumerable<string> CheckPolicy(KubernetesObjects objects, KubernetesObject policy)
    {
        var selected = objects.Selected(policy.Spec["podSelector"]["matchLabels"]).ToArray();
        if (selected.Length == 0) yield return $"{policy.Where}: its selector takes no pod";
        foreach (var rule in policy.Spec["ingress"].Items)
        {
            if (rule["from"].Items.Any(f => !objects.Selected(f["podSelector"]["matchLabels"]).Any()))
            {
                yield return $"{policy.Where}: lets in pods that do not exist";
            }

            foreach (var port in rule["ports"].Items.Select(p => p["port"].Text))
            {
                if (!selected.Any(w => HasPort(w, port))) yield return $"{policy.Where}: its pods have no port {port}";
            }
        }
    }

    private static IEnumerable<string> CheckStatefulSet(KubernetesObjects objects, KubernetesObject set)
    {
        var name = set.Spec["serviceName"].Text;
        if (objects.Find("Service", name) is not { } service) yield return $"{set.Where}: there is no Service {name}";
        else if (service.Spec["clusterIP"].Text != "None") yield return $"{set.Where}: Service {name} is not headless";
    }

    private static bool HasPort(KubernetesObject workload, string port) => workload.Containers
        .SelectMany(c => c["ports"].Items)
        .Any(p => p["name"].Text == port || p["containerPort"].Text == port);

    private static int Number(Yaml value, int fallback) =>
        int.TryParse(value.Text, CultureInfo.InvariantCulture, out var number) ? number : fallback;
}
