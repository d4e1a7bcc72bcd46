using System.Security.Cryptography;

namespace MeshOrleans.Model.Tokens;

/// <summary>The kind of signature that a <see cref="JwsAlgorithm"/> is.</summary>
internal enum SignatureKind
{
    /// <summary>RSASSA-PKCS1-v1_5 (RS256, RS384, RS512).</summary>
    RsaPkcs1,

    /// <summary>RSASSA-PSS (PS256, PS384, PS512).</summary>
    RsaPss,

    /// <summary>ECDSA over the curve of that name (ES256, ES384, ES512).</summary>
    Ecdsa,
}

/// <summary>An algorithm by which tokens may be signed. There are nine and no others.</summary>
/// <remarks>Source: RFC 7518 section 3.1. Neither <c>none</c> nor what needs a shared secret is among them.</remarks>
/// <param name="Name">As it stands in a token's header.</param>
/// <param name="Kind">The kind of signature.</param>
/// <param name="Hash">The hash function.</param>
/// <param name="Curve">The name of the only curve it is for; empty for RSA.</param>
internal sealed record JwsAlgorithm(string Name, SignatureKind Kind, HashAlgorithmName Hash, string Curve = "")
{
    private static readonly JwsAlgorithm[] Known =
    [
        new("RS256", SignatureKind.RsaPkcs1, HashAlgorithmName.SHA256),
        new("RS384", SignatureKind.RsaPkcs1, HashAlgorithmName.SHA384),
        new("RS512", SignatureKind.RsaPkcs1, HashAlgorithmName.SHA512),
        new("PS256", SignatureKind.RsaPss, HashAlgorithmName.SHA256),
        new("PS384", SignatureKind.RsaPss, HashAlgorithmName.SHA384),
        new("PS512", SignatureKind.RsaPss, HashAlgorithmName.SHA512),
        new("ES256", SignatureKind.Ecdsa, HashAlgorithmName.SHA256, "P-256"),
        new("ES384", SignatureKind.Ecdsa, HashAlgorithmName.SHA384, "P-384"),
        new("ES512", SignatureKind.Ecdsa, HashAlgorithmName.SHA512, "P-521"),
    ];

    /// <summary>The algorithm of a name, in its exact case; null when it is not one of the nine.</summary>
    public static JwsAlgorithm? Of(string name)
    {
        foreach (var algorithm in Known)
        {
            if (algorithm.Name == name) return algorithm;
        }

        return null;
    }
}
