using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Hosting;

/// <summary>
/// The admin credential of this control plane: made at first start, kept in SECRETS/admin-token (mode 0600).
/// </summary>
internal sealed class AdminToken
{
    public const string FileName = "admin-token";
    private const int MinLength = 16;
    private readonly byte[] _hash;

    public AdminToken(IOptions<SiloOptions> options)
    {
        var path = Path.Combine(options.Value.SecretsDirectory, FileName);
        if (!File.Exists(path))
        {
            PrivateFile.CreateDirectory(options.Value.SecretsDirectory);
            PrivateFile.TryCreate(path, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));
        }

        PrivateFile.TryRestrict(path);
        var token = File.ReadAllText(path).Trim();
        if (token.Length < MinLength)
        {
            throw new FormatException($"{path} must hold at least {MinLength} characters; delete it to have one made");
        }

        _hash = Hash(token);
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string credential) => CryptographicOperations.FixedTimeEquals(_hash, Hash(credential));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
