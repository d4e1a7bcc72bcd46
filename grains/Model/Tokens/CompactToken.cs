using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace MeshOrleans.Model.Tokens;

/// <summary>A signed token taken apart. Nothing in it is verified yet.</summary>
/// <remarks>
/// Source: RFC 7515 section 7.1, RFC 7519. Refused: more than <see cref="MaxLength"/> characters, names that occur twice,
/// <c>crit</c> (no extension is understood), registered claims of a wrong type. A key that the token itself brings or
/// points to (<c>jwk</c>, <c>jku</c>, <c>x5c</c>, <c>x5u</c>) is not looked at.
/// </remarks>
internal sealed class CompactToken
{
    /// <summary>The length that a token may have, in characters.</summary>
    public const int MaxLength = 16 * 1024;

    private CompactToken(Claim header, Claim claims, byte[] payload, byte[] signed, byte[] signature)
    {
        (Claims, Payload, Signed, Signature) = (claims, payload, signed, signature);
        Algorithm = JwsAlgorithm.Of(header["alg"]!.Text);
        KeyId = header["kid"]?.Text;
    }

    /// <summary>How it is said to be signed; null when that is none of the supported ways.</summary>
    public JwsAlgorithm? Algorithm { get; }

    /// <summary>The name of the key; null when the token names none.</summary>
    public string? KeyId { get; }

    public Claim Claims { get; }

    /// <summary>The bytes of <see cref="Claims"/>.</summary>
    public byte[] Payload { get; }

    /// <summary>What the signature is of.</summary>
    public byte[] Signed { get; }

    public byte[] Signature { get; }

    /// <summary>Seconds since 1970; null when the token has no such claim.</summary>
    public double? Expires { get; private set; }

    /// <summary>Seconds since 1970; null when the token has no such claim.</summary>
    public double? NotBefore { get; private set; }

    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out CompactToken? token)
    {
        token = null;
        if (text.Length > MaxLength) return false;
        var first = text.IndexOf('.');
        var last = text.LastIndexOf('.');
        if (first <= 0 || last <= first + 1 || text[(first + 1)..last].Contains('.')) return false;
        if (Base64UrlText.TryDecode(text[..first]) is not { } head
            || Base64UrlText.TryDecode(text[(first + 1)..last]) is not { } payload
            || Base64UrlText.TryDecode(text[(last + 1)..]) is not { } signature
            || ClaimReader.TryReadObject(head) is not { } header
            || ClaimReader.TryReadObject(payload) is not { } claims
            || !IsHeader(header))
        {
            return false;
        }

        var signed = new byte[last]; // nothing but ASCII, or it would not have been decoded
        Encoding.ASCII.GetBytes(text[..last], signed);
        token = new CompactToken(header, claims, payload, signed, signature);
        if (token.ReadClaims()) return true;
        token = null;
        return false;
    }

    private static bool IsHeader(Claim header) =>
        header["alg"] is { Kind: ClaimKind.Text }
        && header["kid"] is null or { Kind: ClaimKind.Text }
        && header["crit"] is null
        && header["b64"] is null;

    private bool ReadClaims()
    {
        if (Claims["iss"] is { Kind: not ClaimKind.Text } || Claims["sub"] is { Kind: not ClaimKind.Text }) return false;
        if (Claims["aud"] is { } audience && !IsAudience(audience)) return false;
        if (!TryReadTime("exp", out var expires) || !TryReadTime("nbf", out var notBefore)) return false;
        (Expires, NotBefore) = (expires, notBefore);
        return TryReadTime("iat", out _);
    }

    private static bool IsAudience(Claim audience) =>
        audience.Kind is ClaimKind.Text
        || (audience.Kind is ClaimKind.List && audience.Items.All(item => item.Kind is ClaimKind.Text));

    // RFC 7519 section 2: a number, perhaps with a fraction.
    private bool TryReadTime(string name, out double? seconds)
    {
        seconds = null;
        if (Claims[name] is not { } claim) return true;
        if (claim.Kind is not ClaimKind.Number
            || !double.TryParse(claim.Text, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value)
            || value < 0)
        {
            return false;
        }

        seconds = value;
        return true;
    }
}
