using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>How proxies are started (networking.istio.io). Read and checked; nothing of it is acted on.</summary>
public sealed record ProxyConfig : ConfigSpec
{
    /// <summary>
    /// The workloads it is for; null means all of the namespace, or of the mesh in the root namespace.
    /// </summary>
    public WorkloadSelector? Selector { get; init; }

    /// <summary>How many threads a proxy has; 0 means one for each core, null what is set for the mesh.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Variables of the proxy's environment by name.</summary>
    public ImmutableSortedDictionary<string, string> EnvironmentVariables { get; init; } = EmptyMap.Text;

    /// <summary>The kind of image that a proxy is; null where none is named.</summary>
    public string? ImageType { get; init; }
}
