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

    /// <summary>
    /// Makes sure that a directory holds the secret of the cluster that a database belongs to; one that is missing must not
    /// be made then, it would be another cluster's.
    /// </summary>
    /// <param name="directory">Where the secret is.</param>
    /// <param name="fingerprint">That of the cluster's secret; null where the database belongs to nobody yet.</param>
    /// <param name="mayMake">Whether this process may make one for a database that belongs to nobody.</param>
    /// <exception cref="FormatException">It does not; the message says what to copy.</exception>
    public static void Check(string directory, string? fingerprint, bool mayMake)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            if (fingerprint is null && mayMake) return;
            throw new FormatException($"{path} is missing; copy it from a silo of the cluster that the database belongs to");
        }

        var held = Read(path).Fingerprint;
        if (fingerprint is not null && held != fingerprint) throw new FormatException(Mismatch(fingerprint, held));
    }

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

        return Read(path);
    }

    /// <summary>One line: the database is sealed with one secret and this process has another.</summary>
    public static string Mismatch(string sealedWith, string held) =>
        $"the authority's keys in the database are sealed with the {FileName} {sealedWith}, and this process has {held}; "
        + "copy the file from a silo of the cluster";

    private static ClusterSecret Read(string path)
    {
        PrivateFile.TryRestrict(path);
        var text = File.ReadAllText(path).Trim();
        return Base64Url.IsValid(text, out var length) && length == Length
            ? new ClusterSecret(Base64Url.DecodeFromChars(text))
            : throw new FormatException(
                $"{path} must hold {Length} random bytes in base64url; copy it from a silo of the cluster");
    }

    /// <summary>A key for one use.</summary>
    public byte[] Derive(string use, int length) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, length, salt: null, Encoding.UTF8.GetBytes("mesh " + use));

    /// <summary>Says nothing of the secret.</summary>
    public override string ToString() => "ClusterSecret { withheld }";
}
