using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Translation.Resources;

/// <summary>Versions of groups of resources; compared for equality only.</summary>
public static class VersionCalculator
{
    /// <summary>Version of a group of resources, by their names and versions in the order given.</summary>
    public static string Of(IEnumerable<EncodedResource> resources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var resource in resources)
        {
            // A version has a fixed length, so "name\nversion\n" cannot be read in two ways.
            hash.AppendData(Encoding.UTF8.GetBytes($"{resource.Name}\n{resource.Version}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, ContentVersion.Bytes));
    }
}
