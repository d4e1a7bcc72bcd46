using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// The one secret that every process of a cluster holds, in the file <c>cluster-secret</c>: 32 random bytes. By it they
/// know each other, and with it the authority's keys in the database are sealed. Keys for each use are derived from it.
/// </summary>
internal sealed class ClusterSecret
{
    public const string FileName = "cluster-secret";
    private const int Length = 32;

    private readonly byte[] _secret;

    private ClusterSecret(byte[] secret) => _secret = secret;

    /// <summary>Says which secret it is without telling anything of it.</summary>
    public string Fingerprint => Convert.ToHexStringLower(Derive("fingerprint", 8));

    /// <summary>Reads the secret of a directory, or makes one where there is none.</summary>
    /// <exception cref="FormatException">The file is no such secret.</exception>
    public static ClusterSecret Open(string directory)
    {
        var path = Path.Combine(directory, FileName);
        PrivateFile.CreateDirectory(directory);
        if (!File.Exists(path))
        {
            PrivateFile.TryCreate(path, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Length)));
        }

        var text = File.ReadAllText(path).Trim();
        return Base64Url.IsValid(text, out var length) && length == Length
            ? new ClusterSecret(Base64Url.DecodeFromChars(text))
            : throw new FormatException(
                $"{path} must hold {Length} random bytes in base64url; copy it from another process of this cluster");
    }

    /// <summary>A key for one use.</summary>
    public byte[] Derive(string use, int length) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, length, salt: null, Encoding.UTF8.GetBytes("mesh " + use));

    /// <summary>Says nothing of the secret.</summary>
    public override string ToString() => "ClusterSecret { withheld }";
}
