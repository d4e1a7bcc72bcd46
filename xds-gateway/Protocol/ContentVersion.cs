using System.Security.Cryptography;

namespace MeshOrleans.Xds.Protocol;

/// <summary>
/// Versions are hashes of content: the same on every gateway and after every restart, so what a proxy already has is
/// recognised whoever sent it, and what it has put together itself can be checked.
/// </summary>
public static class ContentVersion
{
    /// <summary>Half of a SHA-256: no two contents of one mesh will ever share it by chance.</summary>
    public const int Bytes = 16;

    /// <summary>Version of the serialized <c>google.protobuf.Any</c> of a resource.</summary>
    public static string Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return Convert.ToHexStringLower(hash[..Bytes]);
    }
}
