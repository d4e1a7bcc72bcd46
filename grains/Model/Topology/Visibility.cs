using System.Collections.Immutable;

namespace MeshOrleans.Model.Topology;

/// <summary>Who sees a resource, by its <c>exportTo</c>.</summary>
public static class Visibility
{
    /// <summary>Whether clients of a namespace see the resource.</summary>
    /// <param name="exportTo">
    /// Namespaces, <c>.</c> (its own), <c>*</c> (all) or <c>~</c> (none); none given means all.
    /// </param>
    /// <param name="ownNamespace">The resource's namespace.</param>
    /// <param name="clientNamespace">The client's namespace.</param>
    public static bool Allows(ImmutableArray<string> exportTo, string ownNamespace, string clientNamespace)
    {
        if (exportTo.IsDefaultOrEmpty) return true;
        foreach (var target in exportTo)
        {
            if (target == "*" || target == clientNamespace) return true;
            if (target == "." && ownNamespace == clientNamespace) return true;
        }

        return false;
    }
}
