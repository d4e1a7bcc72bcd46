using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>
/// A Kubernetes Deployment, kept as the template of its workloads: kind <c>Deployment</c>, apiVersion <c>apps/v1</c>.
/// It has no effect on traffic.
/// </summary>
public sealed record KubernetesDeployment : ConfigSpec
{
    /// <summary>How many; null means 1.</summary>
    public int? Replicas { get; init; }

    /// <summary>Labels of its workloads.</summary>
    public ImmutableSortedDictionary<string, string> Selector { get; init; } = EmptyMap.Text;

    /// <summary>Labels that its workloads get.</summary>
    public ImmutableSortedDictionary<string, string> TemplateLabels { get; init; } = EmptyMap.Text;

    /// <summary>Annotations that its workloads get.</summary>
    public ImmutableSortedDictionary<string, string> TemplateAnnotations { get; init; } = EmptyMap.Text;

    /// <summary>The containers.</summary>
    public ImmutableArray<KubernetesContainer> Containers { get; init; } = [];

    /// <summary>The service account; empty means <c>default</c>.</summary>
    public string ServiceAccountName { get; init; } = "";
}

/// <summary>A container of a workload template.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image.</param>
/// <param name="Ports">Its ports.</param>
public sealed record KubernetesContainer(string Name, string Image, ImmutableArray<KubernetesContainerPort> Ports);

/// <summary>A port of a container.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="ContainerPort">Its number.</param>
/// <param name="Protocol">TCP, UDP or SCTP; empty means TCP.</param>
public sealed record KubernetesContainerPort(string Name, int ContainerPort, string Protocol);
