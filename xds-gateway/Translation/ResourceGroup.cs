using System.Collections.Immutable;
using Google.Protobuf;

namespace MeshOrleans.Xds.Translation;

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

    /// <summary>The resource of a name; null when there is none.</summary>
    public EncodedResource? Find(string name)
    {
        var (low, high) = (0, Resources.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(Resources[middle].Name, name);
            if (order == 0) return Resources[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }
}
