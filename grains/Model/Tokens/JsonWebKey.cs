using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace MeshOrleans.Model.Tokens;

/// <summary>A public key of an issuer.</summary>
/// <remarks>
/// Source: RFC 7517 and RFC 7518 section 6. Only RSA of 2048 to 8192 bits and points on P-256, P-384 and P-521. The key
/// is imported for each signature anew: objects of the runtime's cryptography are not for several threads at once.
/// </remarks>
public sealed class JsonWebKey
{
    private const int MinModulus = 2048;
    // RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1: any of them gives the key away, or was meant to stay at home
    private static readonly string[] _private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private const int MaxModulus = 8192;
    private const int MaxExponent = 8;

    private readonly string? _algorithm;
    private readonly string _curve;
    private readonly RSAParameters _rsa;
    private readonly ECParameters _point;
    private readonly int _size;

    private JsonWebKey(string? id, string? algorithm, RSAParameters rsa)
    {
        (Id, _algorithm, _rsa, _curve) = (id, algorithm, rsa, "");
        _size = rsa.Modulus!.Length;
    }

    private JsonWebKey(string? id, string? algorithm, string curve, ECParameters point)
    {
        (Id, _algorithm, _point, _curve) = (id, algorithm, point, curve);
        _size = 2 * point.Q.X!.Length;
    }

    /// <summary>Its name (<c>kid</c>); null when it has none.</summary>
    public string? Id { get; }

    /// <summary>Writes what is public of it, and nothing else.</summary>
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kty", _curve.Length > 0 ? "EC" : "RSA");
        if (Id is not null) writer.WriteString("kid", Id);
        if (_algorithm is not null) writer.WriteString("alg", _algorithm);
        if (_curve.Length > 0)
        {
            writer.WriteString("crv", _curve);
            writer.WriteString("x", Base64Url.EncodeToString(_point.Q.X));
            writer.WriteString("y", Base64Url.EncodeToString(_point.Q.Y));
        }
        else
        {
            writer.WriteString("n", Base64Url.EncodeToString(_rsa.Modulus));
            writer.WriteString("e", Base64Url.EncodeToString(_rsa.Exponent));
        }

        writer.WriteEndObject();
    }

    /// <summary>Whether signatures of an algorithm can be by this key.</summary>
    internal bool Fits(JwsAlgorithm algorithm) =>
        _curve == algorithm.Curve && (_algorithm is null || _algorithm == algorithm.Name);

    /// <summary>Whether a signature is by this key. Never throws.</summary>
    internal bool Verifies(JwsAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!Fits(algorithm) || signature.Length != _size) return false;
        try
        {
            if (algorithm.Kind is SignatureKind.Ecdsa)
            {
                using var ecdsa = ECDsa.Create(_point);
                return ecdsa.VerifyData(
                    data, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }

            using var rsa = RSA.Create(_rsa);
            var padding = algorithm.Kind is SignatureKind.RsaPss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
            return rsa.VerifyData(data, signature, algorithm.Hash, padding);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Reads a key of a set.</summary>
    /// <param name="source">The key.</param>
    /// <param name="problem">Why it cannot be used; empty when it can.</param>
    /// <returns>The key; null when it cannot be used.</returns>
    internal static JsonWebKey? TryRead(Claim source, out string problem)
    {
        problem = WhyNotForSignatures(source);
        if (problem.Length > 0) return null;
        var (id, algorithm) = (source["kid"]?.Text, source["alg"]?.Text);
        JsonWebKey? key = null;
        try
        {
            key = source["kty"]?.Text switch
            {
                "RSA" => Rsa(source, id, algorithm, out problem),
                "EC" => Point(source, id, algorithm, out problem),
                _ => Refuse("its kty is neither RSA nor EC", out problem),
            };
        }
        catch (CryptographicException)
        {
            problem = "its numbers are no public key";
        }

        return key;
    }

    private static string WhyNotForSignatures(Claim source)
    {
        foreach (var name in (ReadOnlySpan<string>)["kty", "kid", "alg", "use"])
        {
            if (source[name] is { Kind: not ClaimKind.Text }) return $"its {name} is no text";
        }

        foreach (var name in _private)
        {
            if (source[name] is not null) return "it is a secret that should not be here";
        }

        if (source["use"] is { Text: not "sig" }) return "its use is not sig";
        if (source["key_ops"] is { } uses && !uses.Items.Any(u => u is { Kind: ClaimKind.Text, Text: "verify" }))
        {
            return "its key_ops do not have verify";
        }

        return source["alg"] is { } algorithm && JwsAlgorithm.Of(algorithm.Text) is null
            ? "its alg is not supported"
            : "";
    }

    private static JsonWebKey? Rsa(Claim source, string? id, string? algorithm, out string problem)
    {
        var modulus = Number(source["n"]);
        var exponent = Number(source["e"]);
        if (modulus is null || exponent is null) return Refuse("its n or e is no number", out problem);
        var bits = (8L * modulus.Length) - (byte.LeadingZeroCount(modulus[0]));
        if (bits is < MinModulus or > MaxModulus)
        {
            return Refuse($"it has {bits} bits, not {MinModulus} to {MaxModulus}", out problem);
        }

        if (exponent.Length > MaxExponent || (exponent[^1] & 1) == 0 || exponent is [1])
        {
            return Refuse("its e is not an odd number above 1", out problem);
        }

        var parameters = new RSAParameters { Modulus = modulus, Exponent = exponent };
        using (RSA.Create(parameters)) problem = "";
        return new JsonWebKey(id, algorithm, parameters);
    }

    private static JsonWebKey? Point(Claim source, string? id, string? algorithm, out string problem)
    {
        var name = source["crv"] is { Kind: ClaimKind.Text, Text: var text } ? text : "";
        var (curve, length) = name switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, 32),
            "P-384" => (ECCurve.NamedCurves.nistP384, 48),
            "P-521" => (ECCurve.NamedCurves.nistP521, 66),
            _ => (default, 0),
        };
        if (length == 0) return Refuse("its crv is not P-256, P-384 or P-521", out problem);
        var (x, y) = (Bytes(source["x"]), Bytes(source["y"]));
        if (x?.Length != length || y?.Length != length) return Refuse($"its x or y is not {length} bytes", out problem);
        var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } };
        using (ECDsa.Create(parameters)) problem = ""; // refuses what is not on the curve
        return new JsonWebKey(id, algorithm, name, parameters);
    }

    private static JsonWebKey? Refuse(string reason, out string problem)
    {
        problem = reason;
        return null;
    }

    private static byte[]? Bytes(Claim? claim) =>
        claim is { Kind: ClaimKind.Text } ? Base64UrlText.TryDecode(claim.Text) : null;

    // Without leading zeros; null for zero.
    private static byte[]? Number(Claim? claim)
    {
        if (Bytes(claim) is not { } bytes) return null;
        var first = bytes.AsSpan().IndexOfAnyExcept((byte)0);
        return first < 0 ? null : bytes[first..];
    }
}
