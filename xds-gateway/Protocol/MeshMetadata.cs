namespace MeshOrleans.Xds.Protocol;

/// <summary>
/// What this mesh says to its own sidecars in the metadata of a cluster, where Envoy's API has no word for it. Whoever
/// does not know it does without.
/// </summary>
public static class MeshMetadata
{
    /// <summary>The filter under which it stands.</summary>
    public const string Filter = "mesh.orleans.io";

    /// <summary>A list of numbers: the statuses that outlier detection counts as errors.</summary>
    public const string OutlierStatuses = "outlierHttpErrorCodes";
}
