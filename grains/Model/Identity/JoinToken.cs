using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MeshOrleans.Model.Identity;

/// <summary>
/// The text that lets one process join: <c>mt1.SECRET.PIN</c>. The secret is 32 random bytes (base64url); the pin is
/// the SHA-256 (lower-case hex) of the control plane root's public key, so that whoever holds the token can tell the
/// right control plane from any other without further files.
/// </summary>
public sealed class JoinToken
{
    private const string Version = "mt1";
    private const int SecretBytes = 32;

    private JoinToken(string secret, string rootPin) => (Secret, RootPin) = (secret, rootPin);

    /// <summary>The secret part. Never logged and never stored by the control plane.</summary>
    public string Secret { get; }

    /// <summary>Lower-case hex SHA-256 of the root's SubjectPublicKeyInfo.</summary>
    public string RootPin { get; }

    /// <summary>
    /// The key under which the control plane knows the token: lower-case hex SHA-256 of the secret's text.
    /// </summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Secret)));

    /// <summary>A new token; only its holder will ever know it.</summary>
    /// <param name="root">The root certificate of the mesh it belongs to.</param>
    /// <param name="fill">
    /// Fills a span with unpredictable bytes; <c>RandomNumberGenerator.Fill</c> in production.
    /// </param>
    public static JoinToken Create(X509Certificate2 root, Action<Span<byte>> fill)
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        fill(secret);
        return new JoinToken(Base64Url.EncodeToString(secret), PinOf(root));
    }

    /// <summary>
    /// The one token that follows from this one for a claim: the same each time, so that asking again yields nothing new;
    /// without this token nobody can tell what it is.
    /// </summary>
    public JoinToken Derive(string claim) => new(
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Secret), Encoding.UTF8.GetBytes(claim))),
        RootPin);

    /// <summary>The pin of a root certificate.</summary>
    public static string PinOf(X509Certificate2 root) =>
        Convert.ToHexStringLower(SHA256.HashData(root.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>Parses without throwing: the text comes from outside. Surrounding white space is forgiven.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JoinToken? token)
    {
        token = null;
        if (text is null || text.Length > 512) return false;
        if (text.Trim().Split('.') is not [Version, var secret, var pin]) return false;
        if (secret.Length != Base64Url.GetEncodedLength(SecretBytes) || !Base64Url.IsValid(secret)) return false;
        if (pin.Length != 64 || !pin.All(char.IsAsciiHexDigitLower)) return false;
        token = new JoinToken(secret, pin);
        return true;
    }

    /// <summary>The token as it is handed to its holder.</summary>
    public string Reveal() => $"{Version}.{Secret}.{RootPin}";

    /// <summary>Says nothing of the secret.</summary>
    public override string ToString() => "JoinToken";
}
