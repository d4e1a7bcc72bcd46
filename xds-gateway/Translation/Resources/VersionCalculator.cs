using System.Security.Cryptography;
using System.Text;

namespace MeshOrleans.Xds.Translation.Resources;

/// <summary>
/// Versions are hashes of content: the same on every gateway and after every restart, so what a proxy already has is
/// recognised whoever sent it. They are compared for equality only.
/// </summary>
public static class VersionCalculator
{
    /// <summary>Half of a SHA-256: no two contents of one mesh will ever share it by chance.</summary>
    private const int Bytes = 16;

    /// <summary>Version of one resource.</summary>
    public static string Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return Convert.ToHexStringLower(hash[..Bytes]);
    }

    /// <summary>Version of a group of resources, by their names and versions in the order given.</summary>
    public static string Of(IEnumerable<EncodedResource> resources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var resource in resources)
        {
            // A version has a fixed length, so "name\nversion\n" cannot be read in two ways.
            hash.AppendData(Encoding.UTF8.GetBytes($"{resource.Name}\n{resource.Version}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, Bytes));
    }
}
