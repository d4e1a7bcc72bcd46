using System.Collections.Immutable;
using Google.Protobuf;

namespace MeshOrleans.Xds.Translation.Resources;

/// <summary>All resources of one type that a proxy gets.</summary>
/// <param name="TypeUrl">Their type.</param>
/// <param name="VersionInfo">Hash of the whole group.</param>
/// <param name="Resources">The resources, ordered by name.</param>
public sealed record ResourceGroup(string TypeUrl, string VersionInfo, ImmutableArray<EncodedResource> Resources)
{
    /// <summary>Orders and encodes resources of one type.</summary>
    public static ResourceGroup Of<T>(string typeUrl, IEnumerable<T> messages, Func<T, string> name)
        where T : IMessage =>
        Of(typeUrl, messages.Select(message => EncodedResource.Of(name(message), message)));

    /// <summary>Orders resources of one type.</summary>
    public static ResourceGroup Of(string typeUrl, IEnumerable<EncodedResource> resources)
    {
        ImmutableArray<EncodedResource> ordered = [.. resources.OrderBy(r => r.Name, StringComparer.Ordinal)];
        return new ResourceGroup(typeUrl, VersionCalculator.Of(ordered), ordered);
    }

    /// <summary>The group with some resources replaced; the very same where they are what it has.</summary>
    /// <param name="changes">By name; null takes a resource away.</param>
    public ResourceGroup With(IReadOnlyDictionary<string, EncodedResource?> changes)
    {
        ImmutableArray<EncodedResource>.Builder? next = null;
        var added = new List<EncodedResource>();
        var removed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, resource) in changes)
        {
            var place = PlaceOf(name);
            if (resource is null && place >= 0) removed.Add(name);
            else if (resource is not null && place < 0) added.Add(resource);
            else if (resource is not null && resource.Version != Resources[place].Version)
            {
                (next ??= Resources.ToBuilder())[place] = resource;
            }
        }

        var kept = next?.ToImmutable() ?? Resources;
        if (added.Count > 0 || removed.Count > 0) return Of(TypeUrl, kept.Where(r => !removed.Contains(r.Name)).Concat(added));
        return next is null ? this : new ResourceGroup(TypeUrl, VersionCalculator.Of(kept), kept);
    }

    /// <summary>The resource of a name; null when there is none.</summary>
    public EncodedResource? Find(string name) => PlaceOf(name) is >= 0 and var place ? Resources[place] : null;

    private int PlaceOf(string name)
    {
        var (low, high) = (0, Resources.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(Resources[middle].Name, name);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return -1;
    }
}
