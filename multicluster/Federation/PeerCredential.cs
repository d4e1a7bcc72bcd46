using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// The secret that one mesh presents to another on every call: <c>mp1.LINK.SECRET</c>, LINK being the name under which
/// the mesh that gave it out knows the link. Only its hash is kept there.
/// </summary>
public sealed class PeerCredential
{
    private const string Version = "mp1";
    private const int SecretBytes = 32;

    private PeerCredential(string link, string secret) => (Link, _secret) = (link, secret);

    private readonly string _secret;

    /// <summary>The link it opens.</summary>
    public string Link { get; }

    /// <summary>Lower-case hex SHA-256 of the secret's text.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_secret)));

    /// <summary>A new credential for a link.</summary>
    public static PeerCredential Create(string link) =>
        new(link, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    /// <summary>Parses without throwing: the text comes from outside.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PeerCredential? credential)
    {
        credential = null;
        if (text is null || text.Length > 512 || !text.StartsWith(Version + ".", StringComparison.Ordinal))
        {
            return false;
        }

        var end = text.LastIndexOf('.');
        if (end <= Version.Length + 1 || text.Length - end - 1 != Base64Url.GetEncodedLength(SecretBytes)) return false;
        credential = new PeerCredential(text[(Version.Length + 1)..end], text[(end + 1)..]);
        return true;
    }

    /// <summary>Whether this is the credential that was kept as a hash; takes the same time either way.</summary>
    public bool Matches(string hash) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash), Encoding.ASCII.GetBytes(hash));

    /// <summary>The credential as it is presented.</summary>
    public string Reveal() => $"{Version}.{Link}.{_secret}";

    /// <inheritdoc/>
    public override string ToString() => $"PeerCredential {{ Link = {Link} }}";
}
