using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Silo.Manifests;

/// <summary>A configuration as a change set would make it.</summary>
internal static class ChangeSet
{
    /// <summary>Puts resources over a configuration: who is there keeps his age, who is new is the youngest.</summary>
    /// <param name="resources">What is applied, in the order it was written.</param>
    /// <param name="config">What is there.</param>
    public static ImmutableSortedDictionary<ConfigKey, ConfigResource> Over(
        this ImmutableArray<ConfigResource> resources, ImmutableSortedDictionary<ConfigKey, ConfigResource> config)
    {
        var next = config.ToBuilder();
        foreach (var (ordinal, resource) in resources.Index())
        {
            var former = config.GetValueOrDefault(resource.Key);
            next[resource.Key] = resource with
            {
                CreatedRevision = former?.CreatedRevision ?? long.MaxValue,
                CreatedOrdinal = former?.CreatedOrdinal ?? ordinal,
            };
        }

        return next.ToImmutable();
    }
}
