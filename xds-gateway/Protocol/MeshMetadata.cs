namespace MeshOrleans.Xds.Protocol;

/// <summary>
/// What this mesh says to its own sidecars in the metadata of a cluster, where Envoy's API has no word for it. Whoever
/// does not know it does without.
/// </summary>
public static class MeshMetadata
{
    /// <summary>The filter under which it stands.</summary>
    public const string Filter = "mesh.orleans.io";

    /// <summary>The metadata by which Envoys choose endpoints.</summary>
    public const string Balancing = "envoy.lb";

    /// <summary>
    /// What the key of a lane begins with, before its name: endpoints of the lane have it, and requests that ask for them.
    /// Its value is the name.
    /// </summary>
    public const string LanePrefix = "lane.";

    /// <summary>The key of endpoints outside of all lanes that cover their cluster; its value is <see cref="Base"/>.</summary>
    public const string BaseKey = "lane";

    /// <summary>The value of <see cref="BaseKey"/>.</summary>
    public const string Base = "base";

    /// <summary>A list of numbers: the statuses that outlier detection counts as errors.</summary>
    public const string OutlierStatuses = "outlierHttpErrorCodes";
}
