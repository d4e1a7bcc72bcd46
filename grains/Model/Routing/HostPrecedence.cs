using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Routing;

/// <summary>Which of several VirtualServices for one host counts in the mesh.</summary>
/// <remarks>
/// Those that are private to their namespace, then those exported to namespaces by name, then the public ones; each by
/// age. Source: Istio, initVirtualServices.
/// </remarks>
public static class HostPrecedence
{
    /// <summary>0 for private, 1 for exported by name, 2 for public.</summary>
    public static int Rank(ImmutableArray<string> exportTo) =>
        exportTo.IsDefaultOrEmpty || exportTo.Contains("*") ? 2 : exportTo is ["."] ? 0 : 1;

    /// <summary>Less than zero when the first counts before the second.</summary>
    public static int Compare(
        ConfigResource first, VirtualService firstSpec, ConfigResource second, VirtualService secondSpec)
    {
        var byRank = Rank(firstSpec.ExportTo).CompareTo(Rank(secondSpec.ExportTo));
        return byRank != 0 ? byRank : ConfigResource.ByAge.Compare(first, second);
    }
}
